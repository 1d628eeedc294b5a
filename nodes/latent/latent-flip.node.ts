import { changedCells } from '../diffusion/latent-batches.ts';
import { mirrored } from '../diffusion/planes.ts';
import { choice, defineNode, latent } from '../kit/index.ts';

/** Mirrored. */
export default defineNode({
  type: 'LatentFlip',
  title: 'Flip latent',
  category: 'latent',
  help: 'Mirrors a latent. What the picture shows is mirrored too, but a VAE does not see all ways alike: denoise it a little afterwards.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent.' }),
    flip_method: choice(['x-axis: vertically', 'y-axis: horizontally'], {
      label: 'across',
      help: 'vertically turns it upside down, horizontally changes left and right.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The mirrored latent.' }) },
  run: ({ samples, flip_method }) => {
    const axis = flip_method === 'x-axis: vertically' ? 'rows' : 'columns';
    return { LATENT: changedCells(samples, (planes) => mirrored(planes, axis)) };
  },
});
