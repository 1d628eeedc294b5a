import { latentSum } from '../diffusion/latent-arithmetic.ts';
import { defineNode, latent } from '../kit/index.ts';

/** a − b. */
export default defineNode({
  type: 'LatentSubtract',
  title: 'Subtract latents',
  category: 'latent',
  help: 'Takes one latent away from another, value by value.\nThe difference of two latents, added to a third, carries a change over to it.',
  inputs: {
    samples1: latent({ label: 'first', help: 'A latent.' }),
    samples2: latent({ label: 'second', help: 'Another one; of another size it is brought to the size of the first.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The difference.' }) },
  run: ({ samples1, samples2 }) => ({ LATENT: latentSum([1, samples1], [-1, samples2]) }),
});
