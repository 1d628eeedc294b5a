import { sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { toZero, vpLevels } from '../diffusion/sigma-curves.ts';
import { defineNode, float } from '../kit/index.ts';

/** Song et al. 2020. */
export default defineNode({
  type: 'VPScheduler',
  title: 'Steps: VP',
  category: 'schedule',
  help: 'The noise levels of a variance-preserving diffusion in continuous time (Song et al. 2020).',
  inputs: {
    steps: stepsPort,
    beta_d: float({ label: 'β d', default: 19.9, min: 0, max: 5000, help: 'How much faster noise is added at the end than at the start.' }),
    beta_min: float({ label: 'β min', default: 0.1, min: 0, max: 5000, help: 'How fast noise is added at the start.' }),
    eps_s: float({ label: 'ε', default: 0.001, min: 0, max: 1, step: 0.0001, help: 'The time at which the last step before 0 stands.' }),
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ steps, beta_d: betaD, beta_min: betaMin, eps_s: epsilon }) => ({ SIGMAS: toZero(vpLevels(steps, { betaD, betaMin, epsilon })) }),
});
