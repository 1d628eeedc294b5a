import { sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { betaSchedule } from '../diffusion/sigma-schedules.ts';
import { defineNode, float, model } from '../kit/index.ts';

/** Lee et al. 2024. */
export default defineNode({
  type: 'BetaSamplingScheduler',
  title: 'Steps: beta',
  category: 'schedule',
  help: 'Spreads the steps over the model’s training steps by a beta distribution, with more of them at both ends (Lee et al. 2024).',
  inputs: {
    model: model({ label: 'model', help: 'The model whose noise range is used.' }),
    steps: stepsPort,
    alpha: float({ label: 'α', default: 0.6, min: 0.01, max: 50, help: 'Smaller: more steps at low noise.' }),
    beta: float({ label: 'β', default: 0.6, min: 0.01, max: 50, help: 'Smaller: more steps at high noise.' }),
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ model: { sampling }, steps, alpha, beta }) => ({ SIGMAS: betaSchedule(sampling, steps, { alpha, beta }) }),
});
