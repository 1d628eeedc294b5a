import { choice, conditioning, defineNode, float, mask } from '../kit/index.ts';

/** A prompt under a mask. */
export default defineNode({
  type: 'ConditioningSetMask',
  title: 'Prompt under a mask',
  category: 'text',
  keywords: ['region', 'regional'],
  help: 'Lets a prompt act only where a mask is white. Combine it with a prompt for the rest.\nA grey mask lets it act partly: where several prompts meet, their guesses are averaged by mask and strength.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'An encoded prompt.' }),
    mask: mask({ label: 'mask', help: 'White is where the prompt acts.' }),
    strength: float({ label: 'strength', default: 1, min: 0, max: 10, help: 'How much it counts where it meets other prompts.' }),
    set_cond_area: choice(['default', 'mask bounds'], {
      label: 'run on',
      help: 'default runs the network on the whole picture; mask bounds only on the rectangle around the mask, as if that were the picture.',
    }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The prompt with its mask.' }) },
  run: ({ conditioning: prompt, mask: drawn, strength, set_cond_area }) => ({
    CONDITIONING: prompt.map((one) => ({ ...one, mask: { mask: drawn, strength, boundsOnly: set_cond_area === 'mask bounds' } })),
  }),
});
