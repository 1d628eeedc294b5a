import { splitByDenoise } from '../diffusion/sigma-lists.ts';
import { defineNode, float, sigmas } from '../kit/index.ts';

/** Two parts of a walk, by share. */
export default defineNode({
  type: 'SplitSigmasDenoise',
  title: 'Split steps by denoise',
  category: 'schedule',
  help: 'Cuts the noise levels in two: a share of the steps goes into the second part.',
  inputs: {
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels of the whole way.' }),
    denoise: float({
      label: 'denoise',
      default: 1,
      min: 0,
      max: 1,
      slider: true,
      help: 'The share of the steps that the second part gets.',
    }),
  },
  outputs: {
    high_sigmas: sigmas({ label: 'high', help: 'The first part, with high noise.' }),
    low_sigmas: sigmas({ label: 'low', help: 'The rest; it starts where the first part ends.' }),
  },
  run: ({ sigmas: all, denoise }) => {
    const { high, low } = splitByDenoise(all, denoise);
    return { high_sigmas: high, low_sigmas: low };
  },
});
