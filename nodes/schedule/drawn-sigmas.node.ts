import { curvePoints, drawnCurve, drawnSigmas } from '../diffusion/drawn-curve.ts';
import { sigmasOut, stepsPort } from '../diffusion/schedule-ports.ts';
import { spread } from '../diffusion/sigma-curves.ts';
import { defineNode, model, type NodeEvent, type Sigmas, text } from '../kit/index.ts';

const shownPoints = 61;

/** A schedule by its curve. */
export default defineNode({
  type: 'DrawnSigmas',
  title: 'Steps on a curve',
  category: 'schedule',
  effect: 'show',
  help: 'Noise levels along a curve that you give by its points: x is the way from the first step (0) to the last (1), y is how much noise there is on a logarithmic scale, from the model’s least (0) to its most (1). A straight line from 0:1 to 1:0 is the exponential schedule.',
  inputs: {
    model: model({ label: 'model', help: 'The model whose noise range is used.' }),
    points: text({ label: 'points', default: '0:1, 0.3:0.72, 0.7:0.4, 1:0', help: 'The points as x:y with commas between them.' }),
    steps: stepsPort,
  },
  outputs: { SIGMAS: sigmasOut },
  async *run({ model: { sampling }, points, steps }): AsyncGenerator<NodeEvent, { SIGMAS: Sigmas }, void> {
    const given = curvePoints(points);
    const levels = drawnSigmas(given, sampling, steps);
    const x = spread(shownPoints, 0, 1);
    const plot = {
      title: 'steps on a curve',
      xLabel: 'share of the way',
      x,
      panels: [{ label: 'log σ, from least to most', curves: [{ label: 'curve', y: x.map(drawnCurve(given)) }] }],
    };
    yield { kind: 'show', content: { kind: 'plot', plot } };
    return { SIGMAS: levels };
  },
});
