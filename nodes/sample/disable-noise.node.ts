import { noNoise } from '../diffusion/noise.ts';
import { defineNode, noise } from '../kit/index.ts';

/** A noise source that adds nothing. */
export default defineNode({
  type: 'DisableNoise',
  title: 'No noise',
  category: 'sample',
  help: 'A noise source that adds nothing: use it to go on sampling a latent that is already noisy.',
  inputs: {},
  outputs: { NOISE: noise({ label: 'noise', help: 'No noise at all.' }) },
  run: () => ({ NOISE: noNoise }),
});
