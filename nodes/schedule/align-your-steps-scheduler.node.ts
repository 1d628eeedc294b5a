import { alignedFamilies, alignedSigmas } from '../diffusion/align-your-steps.ts';
import { denoisePort, sigmasOut } from '../diffusion/schedule-ports.ts';
import { choice, defineNode, int } from '../kit/index.ts';

/** Sabour et al. 2024. */
export default defineNode({
  type: 'AlignYourStepsScheduler',
  title: 'Steps: aligned',
  category: 'schedule',
  help: 'Noise levels that were found best for few steps of Stable Diffusion, SDXL or Stable Video Diffusion (Sabour et al. 2024).',
  inputs: {
    model_type: choice(alignedFamilies, { label: 'family', help: 'The family of the model.' }),
    steps: int({ label: 'steps', unit: 'steps', default: 10, min: 1, max: 10_000, slider: true, help: 'How many steps to take.' }),
    denoise: denoisePort,
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ model_type, steps, denoise }) => ({ SIGMAS: alignedSigmas(model_type, { steps, denoise }) }),
});
