import { mixtureAlong, pointShapes, pointsOf } from '../diffusion/point-shapes.ts';
import { torchNormal } from '../diffusion/random.ts';
import { choice, defineNode, float, int, latent, pointMixture, seed } from '../kit/index.ts';

/** Points strewn along an outline, as a latent. */
export default defineNode({
  type: 'PointCloud',
  title: 'Point cloud',
  category: 'latent',
  help: 'Strews points in the plane along an outline, like a drop of paint. It is a latent as any other: the forward process and the samplers work on it. Its distribution is known exactly, so that “Exact score” can undo the noise without any network.',
  inputs: {
    shape: choice(pointShapes, { label: 'shape', help: 'The outline that the points lie along.' }),
    points: int({ label: 'points', default: 1200, min: 16, max: 20_000, help: 'How many points.' }),
    spread: float({
      label: 'spread',
      default: 0.05,
      min: 0.005,
      max: 1,
      help: 'How far points lie from the outline, as a standard deviation.',
    }),
    seed: seed({ label: 'seed', help: 'Which points.' }),
  },
  outputs: {
    points: latent({ label: 'points', help: 'The points, x and y, as a latent of two channels.' }),
    distribution: pointMixture({ label: 'distribution', help: 'Where points lie how densely: a sum of round heaps along the outline.' }),
  },
  run({ shape, points, spread, seed: chance }) {
    const distribution = mixtureAlong(shape, spread);
    return { points: { samples: pointsOf(distribution, points, torchNormal(chance)), scale: 1 }, distribution };
  },
});
