import { gitsSigmas } from '../diffusion/gits-schedule.ts';
import { denoisePort, sigmasOut } from '../diffusion/schedule-ports.ts';
import { defineNode, float, int } from '../kit/index.ts';

/** Chen et al. 2024. */
export default defineNode({
  type: 'GITSScheduler',
  title: 'Steps: GITS',
  category: 'schedule',
  help: 'Noise levels along the shortest path of a sampling trajectory, for Stable Diffusion 1 and SDXL (Chen et al. 2024).',
  inputs: {
    coeff: float({
      label: 'coefficient',
      default: 1.2,
      min: 0.8,
      max: 1.5,
      step: 0.05,
      help: 'Which table to use: smaller takes more steps at high noise.',
    }),
    steps: int({ label: 'steps', unit: 'steps', default: 10, min: 2, max: 1000, slider: true, help: 'How many steps to take.' }),
    denoise: denoisePort,
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ coeff, steps, denoise }) => ({ SIGMAS: gitsSigmas({ coeff, steps, denoise }) }),
});
