import { flipped } from '../diffusion/sigma-lists.ts';
import { defineNode, sigmas } from '../kit/index.ts';

/** The way back. */
export default defineNode({
  type: 'FlipSigmas',
  title: 'Flip steps',
  category: 'schedule',
  help: 'Turns the noise levels around, from low to high: a sampler that adds no noise of its own then turns a picture back into the noise it could have come from.',
  inputs: {
    sigmas: sigmas({ label: 'sigmas', help: 'Noise levels from high to low.' }),
  },
  outputs: { SIGMAS: sigmas({ label: 'sigmas', help: 'The noise levels from low to high; a 0 becomes 0.0001.' }) },
  run: ({ sigmas: levels }) => ({ SIGMAS: flipped(levels) }),
});
