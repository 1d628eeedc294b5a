import { conditioning, defineNode, float } from '../kit/index.ts';

/** How much a prompt counts. */
export default defineNode({
  type: 'ConditioningSetAreaStrength',
  title: 'Prompt strength',
  category: 'text',
  help: 'How much a prompt counts where it meets other prompts of the same side.\nAlone it changes nothing: the guesses are averaged, and one guess is its own average.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'An encoded prompt.' }),
    strength: float({ label: 'strength', default: 1, min: 0, max: 10, help: 'Against the other prompts of the same side.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The prompt with its strength.' }) },
  run: ({ conditioning: prompt, strength }) => ({ CONDITIONING: prompt.map((one) => ({ ...one, strength })) }),
});
