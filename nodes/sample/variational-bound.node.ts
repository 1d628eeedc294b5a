import { type LossAt, lossPlot } from '../diffusion/loss-by-timestep.ts';
import { lossPorts, measureLosses } from '../diffusion/loss-ports.ts';
import { defineNode, float, type NodeEvent, type Plot, plot } from '../kit/index.ts';

/** L_t = KL(q(x_{t−1} | x_t, x_0) ‖ p_θ(x_{t−1} | x_t)) over t, beside the simple loss and the weight between them. */
export default defineNode({
  type: 'VariationalBound',
  title: 'Variational bound',
  category: 'sample',
  effect: 'show',
  help: 'Measures the terms of the bound that a diffusion model is trained by, L_t = KL(q(x_{t−1}|x_t,x₀) ‖ p_θ(x_{t−1}|x_t)), for your picture, in nats a value. Each is the simple loss ‖ε − ε̂‖² times a weight that depends on t only: so predicting noise is enough.',
  inputs: lossPorts,
  outputs: {
    plot: plot({ label: 'plot', help: 'The curves, for “Plot”.' }),
    bound: float({
      label: 'bound',
      help: 'The sum of all L_t in bits a value, with the steps between those measured filled in.',
      default: 0,
      min: 0,
      max: 1e9,
    }),
  },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { plot: Plot; bound: number }, void> {
    const losses = yield* measureLosses({ ...inputs, first: 1 }, signal);
    const drawing = lossPlot(losses, { title: 'variational bound', withBound: true });
    yield { kind: 'show', content: { kind: 'plot', plot: drawing } };
    return { plot: drawing, bound: summed(losses) / Math.LN2 };
  },
});

/** Σ L_t over all steps by the trapezoidal rule between those measured. */
function summed(losses: readonly LossAt[]): number {
  return losses.slice(1).reduce((sum, now, i) => {
    const before = losses[i] ?? now;
    return sum + ((now.bound + before.bound) / 2) * (now.t - before.t);
  }, 0);
}
