import { joinedBatch } from '../diffusion/latent-batches.ts';
import { defineNode, latent } from '../kit/index.ts';

/** Two batches as one. */
export default defineNode({
  type: 'LatentBatch',
  title: 'Batch latents',
  category: 'latent',
  help: 'Puts latents one behind the other into one batch; those of another size are brought to the size of the first.',
  inputs: {
    samples1: latent({ label: 'first', help: 'The latents that come first.' }),
    samples2: latent({ label: 'second', help: 'The latents that come after them.' }),
  },
  outputs: { LATENT: latent({ label: 'latents', help: 'All of them as a batch.' }) },
  run: ({ samples1, samples2 }) => ({ LATENT: joinedBatch(samples1, samples2) }),
});
