import { sigmasOut } from '../diffusion/schedule-ports.ts';
import { sigmasFromText } from '../diffusion/sigma-lists.ts';
import { defineNode, text } from '../kit/index.ts';

/** Levels as text. */
export default defineNode({
  type: 'ManualSigmas',
  title: 'Steps by hand',
  category: 'schedule',
  help: 'Noise levels that you write yourself, from high to low; end with 0 for a finished picture.',
  inputs: {
    sigmas: text({
      label: 'sigmas',
      default: '14.61, 6.47, 3.86, 2.69, 1.88, 1.39, 0.96, 0.65, 0.4, 0.15, 0',
      multiline: true,
      help: 'Numbers with commas between them.',
    }),
  },
  outputs: { SIGMAS: sigmasOut },
  run: ({ sigmas: written }) => ({ SIGMAS: sigmasFromText(written) }),
});
