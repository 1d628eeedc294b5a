import { defineNode, float, latent, scale } from '../kit/index.ts';

/** k·x. */
export default defineNode({
  type: 'LatentMultiply',
  title: 'Multiply latent',
  category: 'latent',
  help: 'Multiplies all values of a latent: above 1 the picture gains contrast, below 1 it loses some.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent.' }),
    multiplier: float({ label: 'times', default: 1, min: -10, max: 10, help: 'The factor.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The product.' }) },
  run: ({ samples, multiplier }) => ({ LATENT: { ...samples, samples: scale(samples.samples, multiplier) } }),
});
