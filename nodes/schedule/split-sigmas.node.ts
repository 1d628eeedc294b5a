import { splitAfter } from '../diffusion/sigma-lists.ts';
import { defineNode, int, sigmas } from '../kit/index.ts';

/** Two parts of a walk. */
export default defineNode({
  type: 'SplitSigmas',
  title: 'Split steps',
  category: 'schedule',
  help: 'Cuts the noise levels in two, so that two samplers can share the way: the first part goes to the first one.',
  inputs: {
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels of the whole way.' }),
    step: int({ label: 'step', default: 0, min: 0, max: 10_000, help: 'How many steps the first part has.' }),
  },
  outputs: {
    high_sigmas: sigmas({ label: 'high', help: 'The first part, with high noise.' }),
    low_sigmas: sigmas({ label: 'low', help: 'The rest; it starts where the first part ends.' }),
  },
  run: ({ sigmas: all, step }) => {
    const { high, low } = splitAfter(all, step);
    return { high_sigmas: high, low_sigmas: low };
  },
});
