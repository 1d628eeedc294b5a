import { sigmaScheduleNames, sigmasFor } from '../diffusion/sigma-schedules.ts';
import { choice, defineNode, float, int, model, sigmas } from '../kit/index.ts';

/** The noise levels that a sampler walks down. */
export default defineNode({
  type: 'BasicScheduler',
  title: 'Sampling steps',
  category: 'schedule',
  help: 'Chooses the noise levels that the sampler walks down, from pure noise to none. More steps take longer and give more detail, up to a point.',
  keywords: ['denoise', 'strength', 'steps', 'scheduler', 'karras', 'img2img'],
  inputs: {
    model: model({ label: 'model', help: 'The model whose noise range is used.' }),
    scheduler: choice(sigmaScheduleNames, {
      default: 'karras',
      label: 'spacing',
      help: 'How the levels are spread: karras spends more steps on fine detail, normal follows the training steps, exponential is even in log σ, sgm_uniform and simple suit few-step models, beta takes more steps at both ends. ddim_uniform may have a step more or less than asked for.',
    }),
    steps: int({ label: 'steps', unit: 'steps', default: 20, min: 1, max: 10_000, help: 'How many steps to take.', slider: true }),
    denoise: float({
      label: 'denoise',
      default: 1,
      min: 0,
      max: 1,
      slider: true,
      help: '1 starts from pure noise. Less keeps part of the latent that goes in: image to image.',
    }),
  },
  outputs: { SIGMAS: sigmas({ label: 'sigmas', help: 'The noise levels, from high to low.' }) },
  // A schedule that has more steps than were asked for is cut to its last ones here, though not in KSampler, as ComfyUI does.
  run: ({ model: { sampling }, scheduler, steps, denoise }) => ({
    SIGMAS: sigmasFor(sampling, { scheduler, steps, denoise }).slice(-(steps + 1)),
  }),
});
