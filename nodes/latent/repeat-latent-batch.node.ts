import { repeatedBatch } from '../diffusion/latent-batches.ts';
import { defineNode, int, latent } from '../kit/index.ts';

/** The same several times. */
export default defineNode({
  type: 'RepeatLatentBatch',
  title: 'Repeat latents',
  category: 'latent',
  help: 'Repeats a batch of latents: several pictures from the same start, each with noise of its own.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latents.' }),
    amount: int({ label: 'times', default: 1, min: 1, max: 64, help: 'How often.' }),
  },
  outputs: { LATENT: latent({ label: 'latents', help: 'The longer batch.' }) },
  run: ({ samples, amount }) => ({ LATENT: repeatedBatch(samples, amount) }),
});
