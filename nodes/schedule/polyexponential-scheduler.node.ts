import { sigmaMaxPort, sigmaMinPort, sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { polyexponentialLevels, toZero } from '../diffusion/sigma-curves.ts';
import { defineNode, float } from '../kit/index.ts';

/** A power in log σ. */
export default defineNode({
  type: 'PolyexponentialScheduler',
  title: 'Steps: polyexponential',
  category: 'schedule',
  help: 'As the exponential steps, bent by ρ: above 1 more steps are taken at low noise, below 1 at high noise.',
  inputs: {
    steps: stepsPort,
    sigma_max: sigmaMaxPort,
    sigma_min: sigmaMinPort,
    rho: float({ label: 'ρ', default: 1, min: 0, max: 100, help: '1 is the exponential schedule.' }),
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ steps, sigma_max: sigmaMax, sigma_min: sigmaMin, rho }) => ({
    SIGMAS: toZero(polyexponentialLevels({ sigmaMin, sigmaMax }, steps, rho)),
  }),
});
