import { cannyEdges } from '../diffusion/canny.ts';
import { defineNode, float, GraphError, image } from '../kit/index.ts';

/** Edges of a picture. */
export default defineNode({
  type: 'Canny',
  title: 'Canny edges',
  category: 'image',
  keywords: ['edges', 'outline', 'controlnet', 'preprocessor', 'lines'],
  help: 'Draws the edges of a picture white on black, as ControlNets for edges (“canny”) want them.\nAn edge begins where it is stronger than “high” and goes on while it is stronger than “low”.',
  inputs: {
    image: image({ label: 'image', help: 'The picture.' }),
    low_threshold: float({
      label: 'low',
      default: 0.4,
      min: 0.01,
      max: 0.99,
      step: 0.01,
      help: 'How weak an edge may become before it ends.',
    }),
    high_threshold: float({ label: 'high', default: 0.8, min: 0.01, max: 0.99, step: 0.01, help: 'How strong an edge must be somewhere.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The edges.' }) },
  run({ image: pictures, low_threshold: low, high_threshold: high }) {
    if (low > high)
      throw new GraphError('bad-value', `“low” is ${low} and “high” ${high}: an edge must begin at least as strong as it ends.`, {
        place: { port: 'low_threshold' },
      });
    return { IMAGE: cannyEdges(pictures, { low, high }) };
  },
});
