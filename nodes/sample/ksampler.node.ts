import { cfgGuider } from '../diffusion/guidance.ts';
import { seededNoise } from '../diffusion/noise.ts';
import { samplerNames, samplers } from '../diffusion/samplers/index.ts';
import { sampleLatent } from '../diffusion/sampling-run.ts';
import { sigmaScheduleNames, sigmasFor } from '../diffusion/sigma-schedules.ts';
import { stepEvent } from '../diffusion/step-preview.ts';
import { choice, conditioning, defineNode, float, int, type Latent, latent, model, type NodeEvent, seed } from '../kit/index.ts';

/** Noise, schedule, guidance and loop in one node. */
export default defineNode({
  type: 'KSampler',
  title: 'Sampler (all in one)',
  category: 'sample',
  help: 'Noise, sampling steps, guidance and sampler loop in one node: the short way when you do not need to wire them yourself.',
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    seed: seed({ label: 'seed', help: 'The same seed gives the same picture.' }),
    steps: int({ label: 'steps', unit: 'steps', default: 20, min: 1, max: 10_000, slider: true, help: 'How many steps to take.' }),
    cfg: float({ label: 'guidance', default: 8, min: 0, max: 100, step: 0.1, slider: true, help: 'How strongly the prompt counts (cfg).' }),
    sampler_name: choice(samplerNames, { default: 'euler', label: 'sampler', help: 'How each step is taken.' }),
    scheduler: choice(sigmaScheduleNames, { default: 'normal', label: 'spacing', help: 'How the noise levels are spread.' }),
    positive: conditioning({ label: 'prompt', help: 'What the picture should show.' }),
    negative: conditioning({ label: 'avoid', help: 'What to steer away from.' }),
    latent_image: latent({ label: 'latent', help: 'An empty latent, or an encoded picture for image to image.' }),
    denoise: float({
      label: 'denoise',
      default: 1,
      min: 0,
      max: 1,
      slider: true,
      help: 'Less than 1 keeps part of the latent that goes in.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The denoised latent.' }) },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { LATENT: Latent }, void> {
    const { model: network, sampler_name, scheduler, steps, denoise, positive, negative, cfg } = inputs;
    const run = {
      guider: cfgGuider(network, { positive, negative, cfg }),
      sampler: { name: sampler_name, loop: samplers[sampler_name] },
      sigmas: sigmasFor(network.sampling, { scheduler, steps, denoise }),
      noise: seededNoise(inputs.seed),
      latent: inputs.latent_image,
    };
    const loop = sampleLatent(run, signal);
    for (let next = await loop.next(); ; next = await loop.next()) {
      if (next.done) return { LATENT: next.value.output };
      yield stepEvent(next.value, network, 'x̂₀ clean');
    }
  },
});
