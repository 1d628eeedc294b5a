import { averaged } from '../diffusion/conditioning-edits.ts';
import { conditioning, defineNode, float } from '../kit/index.ts';

/** Between two prompts. */
export default defineNode({
  type: 'ConditioningAverage',
  title: 'Average prompts',
  category: 'text',
  help: 'A mixture of two prompts: their numbers are averaged before the network sees them.\nThe network runs once, so it costs no more than one prompt.\nA shorter second prompt is filled up with zeros; what is longer than the first is left out.',
  inputs: {
    conditioning_to: conditioning({ label: 'first', help: 'The prompt at strength 1.' }),
    conditioning_from: conditioning({ label: 'second', help: 'The prompt at strength 0.' }),
    conditioning_to_strength: float({
      label: 'strength',
      default: 1,
      min: 0,
      max: 1,
      slider: true,
      help: '1 is the first prompt, 0 the second, 0.5 both alike.',
    }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The mixture.' }) },
  run: ({ conditioning_to: to, conditioning_from: from, conditioning_to_strength: strength }) => ({
    CONDITIONING: averaged(to, from, strength),
  }),
});
