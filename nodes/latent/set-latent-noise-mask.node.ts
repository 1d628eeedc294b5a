import { defineNode, latent, mask } from '../kit/index.ts';

/** Where to denoise. */
export default defineNode({
  type: 'SetLatentNoiseMask',
  title: 'Set noise mask',
  category: 'latent',
  keywords: ['inpaint', 'mask'],
  help: 'Lets samplers change only the masked part of a latent; the rest stays as it is.\nThe old picture shines through under the mask as far as denoise lets it.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent.' }),
    mask: mask({ label: 'mask', help: 'White is what may change. It may have any size.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The latent with its mask.' }) },
  run: ({ samples, mask: noiseMask }) => ({ LATENT: { ...samples, noiseMask } }),
});
