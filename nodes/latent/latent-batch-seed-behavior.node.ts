import { choice, defineNode, latent } from '../kit/index.ts';

/** One noise for all, or one for each. */
export default defineNode({
  type: 'LatentBatchSeedBehavior',
  title: 'Noise of a batch',
  category: 'latent',
  help: 'Says whether the pictures of a batch begin with the same noise (fixed) or each with its own (random).\nWith the same noise only what else differs shows: the latents, or their masks.',
  inputs: {
    samples: latent({ label: 'latents', help: 'The batch.' }),
    seed_behavior: choice(['random', 'fixed'], {
      label: 'noise',
      default: 'fixed',
      help: 'random gives each its own, fixed the same to all.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latents', help: 'The same batch.' }) },
  run({ samples: source, seed_behavior }) {
    const { batchIndex, ...rest } = source;
    if (seed_behavior === 'random') return { LATENT: rest };
    const [first = 0] = batchIndex ?? [];
    return { LATENT: { ...rest, batchIndex: Array.from({ length: source.samples.dims[0] ?? 0 }, () => first) } };
  },
});
