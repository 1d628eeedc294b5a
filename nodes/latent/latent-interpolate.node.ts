import { interpolated } from '../diffusion/latent-arithmetic.ts';
import { defineNode, float, latent } from '../kit/index.ts';

/** Between two latents, keeping their strength. */
export default defineNode({
  type: 'LatentInterpolate',
  title: 'Interpolate latents',
  category: 'latent',
  help: 'A mixture of two latents that keeps their strength: in each cell the directions are mixed and the lengths are mixed apart, so that the result is not flatter than both.',
  inputs: {
    samples1: latent({ label: 'first', help: 'The latent at 1.' }),
    samples2: latent({ label: 'second', help: 'The latent at 0.' }),
    ratio: float({ label: 'first counts', default: 1, min: 0, max: 1, slider: true, help: '1 is the first, 0 the second.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The mixture.' }) },
  run: ({ samples1, samples2, ratio }) => ({ LATENT: interpolated(samples1, samples2, ratio) }),
});
