import { lossPlot } from '../diffusion/loss-by-timestep.ts';
import { lossPorts, measureLosses } from '../diffusion/loss-ports.ts';
import { defineNode, float, type NodeEvent, type Plot, plot } from '../kit/index.ts';

/** ‖ε − ε̂‖² over t. */
export default defineNode({
  type: 'TrainingLoss',
  title: 'Training loss',
  category: 'sample',
  effect: 'show',
  help: 'Measures how far off the network is at guessing the noise in your picture, ‖ε − ε̂‖² (mean over all values), at several training steps t. This is the number that training makes small; guessing nothing would give 1.',
  inputs: lossPorts,
  outputs: {
    plot: plot({ label: 'plot', help: 'The curve, for “Plot”.' }),
    mean: float({ label: 'mean', help: 'The mean over all measured steps.', default: 0, min: 0, max: 1e9 }),
  },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { plot: Plot; mean: number }, void> {
    const losses = yield* measureLosses({ ...inputs, first: 0 }, signal);
    const drawing = lossPlot(losses, { title: 'training loss', withBound: false });
    yield { kind: 'show', content: { kind: 'plot', plot: drawing } };
    return { plot: drawing, mean: losses.reduce((sum, { simple }) => sum + simple, 0) / losses.length };
  },
});
