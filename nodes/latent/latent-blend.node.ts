import { latentSum, matched } from '../diffusion/latent-arithmetic.ts';
import { defineNode, float, latent } from '../kit/index.ts';

/** Between two latents. */
export default defineNode({
  type: 'LatentBlend',
  title: 'Blend latents',
  category: 'latent',
  help: 'A mixture of two latents, value by value. One of another size is brought to the size of the first.',
  inputs: {
    samples1: latent({ label: 'first', help: 'The latent at 1.' }),
    samples2: latent({ label: 'second', help: 'The latent at 0.' }),
    blend_factor: float({ label: 'first counts', default: 0.5, min: 0, max: 1, slider: true, help: '1 is the first, 0 the second.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The mixture.' }) },
  run({ samples1: first, samples2: second, blend_factor: share }) {
    const fitted = { ...first, samples: matched(first, second, 'bicubic') };
    return { LATENT: latentSum([share, first], [1 - share, fitted]) };
  },
});
