import { zeroed } from '../diffusion/conditioning-edits.ts';
import { conditioning, defineNode } from '../kit/index.ts';

/** A prompt of zeros. */
export default defineNode({
  type: 'ConditioningZeroOut',
  title: 'Zero prompt',
  category: 'text',
  help: 'Puts zeros in the place of a prompt, which is not the same as an empty prompt.\nSome models were trained with zeros as their “nothing”: for those it is the right negative side.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'Any encoded prompt; it gives the size.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'A prompt of zeros.' }) },
  run: ({ conditioning: prompt }) => ({ CONDITIONING: zeroed(prompt) }),
});
