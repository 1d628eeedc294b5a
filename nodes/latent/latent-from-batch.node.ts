import { takenFrom } from '../diffusion/latent-batches.ts';
import { defineNode, int, latent } from '../kit/index.ts';

/** Some of a batch. */
export default defineNode({
  type: 'LatentFromBatch',
  title: 'Latents from batch',
  category: 'latent',
  help: 'Takes some latents out of a batch. Each keeps its noise: sampled alone, it gives the same picture as in the batch.',
  inputs: {
    samples: latent({ label: 'latents', help: 'The batch.' }),
    batch_index: int({ label: 'first', default: 0, min: 0, max: 63, help: 'Place of the first one, counted from 0.' }),
    length: int({ label: 'count', default: 1, min: 1, max: 64, help: 'How many.' }),
  },
  outputs: { LATENT: latent({ label: 'latents', help: 'The chosen ones.' }) },
  run: ({ samples, batch_index, length }) => ({ LATENT: takenFrom(samples, batch_index, length) }),
});
