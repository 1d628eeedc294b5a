import { sigmaMaxPort, sigmaMinPort, sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { karrasLevels, toZero } from '../diffusion/sigma-curves.ts';
import { defineNode, float } from '../kit/index.ts';

/** Karras et al. 2022, eq. 5. */
export default defineNode({
  type: 'KarrasScheduler',
  title: 'Steps: Karras',
  category: 'schedule',
  help: 'Noise levels between two that you choose, with more steps at low noise, where fine detail is made (Karras et al. 2022).',
  inputs: {
    steps: stepsPort,
    sigma_max: sigmaMaxPort,
    sigma_min: sigmaMinPort,
    rho: float({
      label: 'ρ',
      default: 7,
      min: 0.01,
      max: 100,
      help: 'How strongly steps gather at low noise: 1 is even, 7 is what the paper found best.',
    }),
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ steps, sigma_max: sigmaMax, sigma_min: sigmaMin, rho }) => ({ SIGMAS: toZero(karrasLevels({ sigmaMin, sigmaMax }, steps, rho)) }),
});
