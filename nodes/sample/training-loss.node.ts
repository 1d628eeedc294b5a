import { evenSteps } from '../diffusion/forward-process.ts';
import { type LossAt, lossByTimestep, lossPlot } from '../diffusion/loss-by-timestep.ts';
import { defineNode, float, guider, int, latent, type NodeEvent, type Plot, plot, seed } from '../kit/index.ts';

/** ‖ε − ε̂‖² over t. */
export default defineNode({
  type: 'TrainingLoss',
  title: 'Training loss',
  category: 'sample',
  effect: 'show',
  help: 'Measures how far off the network is at guessing the noise in your picture, ‖ε − ε̂‖² (mean over all values), at several training steps t. This is the number that training makes small; guessing nothing would give 1.',
  inputs: {
    guider: guider({ label: 'denoiser', help: 'The network with its prompts, from “U-Net (guidance)”.' }),
    x_0: latent({ label: 'x₀', help: 'A clean latent, such as an encoded picture.' }),
    points: int({
      label: 'points',
      default: 25,
      min: 2,
      max: 1000,
      slider: true,
      help: 'At how many training steps to measure, evenly spread.',
    }),
    draws: int({ label: 'draws', default: 4, min: 1, max: 256, help: 'How many noises to average over at each step.' }),
    seed: seed({ label: 'seed', help: 'Which noises.' }),
  },
  outputs: {
    plot: plot({ label: 'plot', help: 'The curve, for “Plot”.' }),
    mean: float({ label: 'mean', help: 'The mean over all measured steps.', default: 0, min: 0, max: 1e9 }),
  },
  async *run(
    { guider: denoiser, x_0, points, draws, seed: chance },
    { signal },
  ): AsyncGenerator<NodeEvent, { plot: Plot; mean: number }, void> {
    const last = denoiser.model.sampling.schedule.betas.length - 1;
    const timesteps = evenSteps({ first: 0, last, count: points });
    const losses: LossAt[] = [];
    for await (const loss of lossByTimestep({ guider: denoiser, latent: x_0, timesteps, draws, seed: chance })) {
      losses.push(loss);
      yield { kind: 'step', index: losses.length, total: points };
      signal.throwIfAborted();
    }
    const drawing = lossPlot(losses, { title: 'training loss', withBound: false });
    yield { kind: 'show', content: { kind: 'plot', plot: drawing } };
    return { plot: drawing, mean: losses.reduce((sum, { simple }) => sum + simple, 0) / losses.length };
  },
});
