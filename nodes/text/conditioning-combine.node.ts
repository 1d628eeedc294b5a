import { conditioning, defineNode } from '../kit/index.ts';

/** Two prompts at once. */
export default defineNode({
  type: 'ConditioningCombine',
  title: 'Combine prompts',
  category: 'text',
  help: 'Both prompts act, each on its own run of the network, and their guesses are averaged.\nUse it with areas, masks and ranges of steps: each prompt where and when it is wanted.\nEvery prompt more is a run more at each step.',
  inputs: {
    conditioning_1: conditioning({ label: 'first', help: 'An encoded prompt.' }),
    conditioning_2: conditioning({ label: 'second', help: 'Another one.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'Both prompts.' }) },
  run: ({ conditioning_1: first, conditioning_2: second }) => ({ CONDITIONING: [...first, ...second] }),
});
