import { joinedAfter } from '../diffusion/conditioning-edits.ts';
import { conditioning, defineNode } from '../kit/index.ts';

/** Two prompts as one longer one. */
export default defineNode({
  type: 'ConditioningConcat',
  title: 'Join prompts',
  category: 'text',
  help: 'Puts the second prompt behind the first, as if it were one longer prompt: the network sees both in one run.\nThe words of the one do not change what the words of the other mean, which keeps colours and things apart.',
  inputs: {
    conditioning_to: conditioning({ label: 'first', help: 'The prompt that comes first.' }),
    conditioning_from: conditioning({ label: 'second', help: 'The prompt that is put behind it.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The longer prompt.' }) },
  run: ({ conditioning_to: to, conditioning_from: from }) => ({ CONDITIONING: joinedAfter(to, from) }),
});
