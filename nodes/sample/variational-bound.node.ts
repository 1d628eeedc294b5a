import { evenSteps } from '../diffusion/forward-process.ts';
import { type LossAt, lossByTimestep, lossPlot } from '../diffusion/loss-by-timestep.ts';
import { defineNode, float, guider, int, latent, type NodeEvent, type Plot, plot, seed } from '../kit/index.ts';

/** L_t = KL(q(x_{t−1} | x_t, x_0) ‖ p_θ(x_{t−1} | x_t)) over t, beside the simple loss and the weight between them. */
export default defineNode({
  type: 'VariationalBound',
  title: 'Variational bound',
  category: 'sample',
  effect: 'show',
  help: 'Measures the terms of the bound that a diffusion model is trained by, L_t = KL(q(x_{t−1}|x_t,x₀) ‖ p_θ(x_{t−1}|x_t)), for your picture, in nats a value. Each is the simple loss ‖ε − ε̂‖² times a weight that depends on t only: so predicting noise is enough.',
  inputs: {
    guider: guider({ label: 'denoiser', help: 'The network with its prompts, from “U-Net (guidance)”.' }),
    x_0: latent({ label: 'x₀', help: 'A clean latent, such as an encoded picture.' }),
    points: int({
      label: 'points',
      default: 25,
      min: 2,
      max: 1000,
      slider: true,
      help: 'At how many training steps to measure, evenly spread from t = 1.',
    }),
    draws: int({ label: 'draws', default: 4, min: 1, max: 256, help: 'How many noises to average over at each step.' }),
    seed: seed({ label: 'seed', help: 'Which noises.' }),
  },
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
  async *run(
    { guider: denoiser, x_0, points, draws, seed: chance },
    { signal },
  ): AsyncGenerator<NodeEvent, { plot: Plot; bound: number }, void> {
    const last = denoiser.model.sampling.schedule.betas.length - 1;
    const timesteps = evenSteps({ first: 1, last, count: points });
    const losses: LossAt[] = [];
    for await (const loss of lossByTimestep({ guider: denoiser, latent: x_0, timesteps, draws, seed: chance })) {
      losses.push(loss);
      yield { kind: 'step', index: losses.length, total: points };
      signal.throwIfAborted();
    }
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
