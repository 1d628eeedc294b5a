import { sigmaMaxPort, sigmaMinPort, sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { exponentialLevels, toZero } from '../diffusion/sigma-curves.ts';
import { defineNode } from '../kit/index.ts';

/** Evenly spaced in log σ. */
export default defineNode({
  type: 'ExponentialScheduler',
  title: 'Steps: exponential',
  category: 'schedule',
  help: 'Noise levels between two that you choose, each the same fraction of the one before.',
  inputs: {
    steps: stepsPort,
    sigma_max: sigmaMaxPort,
    sigma_min: sigmaMinPort,
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ steps, sigma_max: sigmaMax, sigma_min: sigmaMin }) => ({ SIGMAS: toZero(exponentialLevels({ sigmaMin, sigmaMax }, steps)) }),
});
