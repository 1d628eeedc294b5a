import { sigmaMaxPort, sigmaMinPort, sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { laplaceLevels } from '../diffusion/sigma-curves.ts';
import { defineNode, float } from '../kit/index.ts';

/** Hang et al. 2024. */
export default defineNode({
  type: 'LaplaceScheduler',
  title: 'Steps: Laplace',
  category: 'schedule',
  help: 'Noise levels that gather around one level in the middle of the way (Hang et al. 2024). The last one is not 0: some noise is left.',
  inputs: {
    steps: stepsPort,
    sigma_max: sigmaMaxPort,
    sigma_min: sigmaMinPort,
    mu: float({ label: 'μ', default: 0, min: -10, max: 10, step: 0.1, help: 'The log of the noise level around which steps gather.' }),
    beta: float({ label: 'β', default: 0.5, min: 0, max: 10, step: 0.1, help: 'How wide the steps are spread around it.' }),
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ steps, sigma_max: sigmaMax, sigma_min: sigmaMin, mu, beta }) => ({
    SIGMAS: Float32Array.from(laplaceLevels({ sigmaMin, sigmaMax, mu, beta }, steps)),
  }),
});
