import { conditioning, defineNode, float } from '../kit/index.ts';

/** A prompt for a part of the way. */
export default defineNode({
  type: 'ConditioningSetTimestepRange',
  title: 'Prompt for some steps',
  category: 'text',
  help: 'Lets a prompt act only during a part of the way from noise (0) to picture (1).\nThe first steps decide what is where, the last ones only details.\nSomething must act at every step: combine it with a prompt for the rest.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'An encoded prompt.' }),
    start: float({
      label: 'start',
      default: 0,
      min: 0,
      max: 1,
      step: 0.001,
      slider: true,
      help: 'Share of the way at which it starts to act.',
    }),
    end: float({ label: 'end', default: 1, min: 0, max: 1, step: 0.001, slider: true, help: 'Share of the way at which it stops.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The prompt with its range.' }) },
  run: ({ conditioning: prompt, start, end }) => ({ CONDITIONING: prompt.map((one) => ({ ...one, start, end })) }),
});
