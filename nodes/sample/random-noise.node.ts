import { seededNoise } from '../diffusion/noise.ts';
import { defineNode, noise, seed } from '../kit/index.ts';

/** Gaussian noise of a seed. */
export default defineNode({
  type: 'RandomNoise',
  title: 'Noise',
  category: 'sample',
  help: 'The random noise that a picture starts from. The same seed gives the same noise, so the same picture.',
  keywords: ['seed', 'random', 'randomise', 'randomize', 'dice'],
  inputs: {
    noise_seed: seed({
      label: 'seed',
      help: 'Any whole number from 0 to 18446744073709551615. Only the low 32 bits count, as in PyTorch.',
    }),
  },
  outputs: { NOISE: noise({ label: 'noise', help: 'Noise for a sampler or for “Add noise”.' }) },
  run: ({ noise_seed }) => ({ NOISE: seededNoise(noise_seed) }),
});
