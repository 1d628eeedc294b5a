import { defineNode, int, latent, zeros } from '../kit/index.ts';

/** Zeros of a size. */
export default defineNode({
  type: 'EmptyLatentImage',
  title: 'Empty latent',
  category: 'latent',
  help: 'An empty latent of the size of the picture you want: the sampler fills it with noise and makes a picture out of it.',
  keywords: ['size', 'width', 'height', 'resolution', 'batch', 'canvas', 'blank'],
  inputs: {
    width: int({
      label: 'width',
      latentSide: 'width',
      unit: 'px',
      default: 512,
      min: 16,
      max: 16_384,
      step: 8,
      help: 'Width of the picture. The embedded model was trained at 128.',
    }),
    height: int({
      label: 'height',
      latentSide: 'height',
      unit: 'px',
      default: 512,
      min: 16,
      max: 16_384,
      step: 8,
      help: 'Height of the picture. The embedded model was trained at 128.',
    }),
    batch_size: int({ label: 'batch', unit: 'pictures', default: 1, min: 1, max: 4096, help: 'How many pictures to make in one go.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The empty latent.' }) },
  run: ({ width, height, batch_size }) => ({
    LATENT: { samples: zeros([batch_size, 4, Math.floor(height / 8), Math.floor(width / 8)]) },
  }),
});
