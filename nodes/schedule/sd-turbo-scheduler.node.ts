import { denoisePort, sigmasOut } from '../diffusion/schedule-ports.ts';
import { turboSigmas } from '../diffusion/sigma-lists.ts';
import { defineNode, int, model } from '../kit/index.ts';

/** Sauer et al. 2023. */
export default defineNode({
  type: 'SDTurboScheduler',
  title: 'Steps: turbo',
  category: 'schedule',
  help: 'The noise levels that SD Turbo and SDXL Turbo were trained for, one to ten steps.',
  inputs: {
    model: model({ label: 'model', help: 'A turbo model.' }),
    steps: int({
      label: 'steps',
      unit: 'steps',
      default: 1,
      min: 1,
      max: 10,
      slider: true,
      help: 'How many steps to take; one is enough.',
    }),
    denoise: denoisePort,
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ model: { sampling }, steps, denoise }) => ({ SIGMAS: turboSigmas(sampling, { steps, denoise }) }),
});
