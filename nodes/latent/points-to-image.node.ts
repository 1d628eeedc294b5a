import { inForm } from '../diffusion/noisy-latents.ts';
import { drawPoints, pointColours, requirePoints, turnsOf } from '../diffusion/point-picture.ts';
import { choice, defineNode, float, image, int, latent } from '../kit/index.ts';

/** Points as dots. */
export default defineNode({
  type: 'PointsToImage',
  title: 'Draw points',
  category: 'latent',
  help: 'Draws points in the plane as dots. Each point keeps its colour, so that you see where it wanders.',
  inputs: {
    points: latent({ label: 'points', help: 'Points, with or without noise; a batch gives one picture each.' }),
    size: int({ label: 'size', unit: 'px', default: 256, min: 32, max: 2048, help: 'Pixels along each side of the picture.' }),
    reach: float({ label: 'reach', default: 3, min: 0.1, max: 1000, step: 0.1, help: 'The picture shows −reach to +reach in x and y.' }),
    colours: choice(pointColours, {
      label: 'colours',
      help: 'order: a point has the same colour everywhere. first direction: by where it lies in the first cloud of the batch, so that you see where its places go.',
    }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The drawing, one picture for each cloud of the batch.' }) },
  run({ points, size, reach, colours }) {
    const { samples } = inForm(points, 'preserving');
    requirePoints(samples);
    const turns = turnsOf(samples, colours);
    const count = samples.dims[0] ?? 0;
    const data = new Float32Array(count * size * size * 3);
    for (let item = 0; item < count; item++) data.set(drawPoints(samples, item, { size, reach, turns }), item * size * size * 3);
    return { IMAGE: { dims: [count, size, size, 3], data } };
  },
});
