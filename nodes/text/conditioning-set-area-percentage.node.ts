import { conditioning, defineNode, float } from '../kit/index.ts';

/** A prompt in a rectangle, by shares. */
export default defineNode({
  type: 'ConditioningSetAreaPercentage',
  title: 'Prompt in an area (shares)',
  category: 'text',
  help: 'Lets a prompt act only in a rectangle given in shares of the picture’s sides, whatever its size.\nCombine it with a prompt for the rest, or let areas overlap: where several act, their guesses are averaged by strength.\nEdges inside of the picture are softened over up to 64 pixels.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'An encoded prompt.' }),
    width: float({ label: 'width', default: 1, min: 0, max: 1, slider: true, help: 'Share of the width.' }),
    height: float({ label: 'height', default: 1, min: 0, max: 1, slider: true, help: 'Share of the height.' }),
    x: float({ label: 'x', default: 0, min: 0, max: 1, slider: true, help: 'Where it starts, from the left.' }),
    y: float({ label: 'y', default: 0, min: 0, max: 1, slider: true, help: 'Where it starts, from the top.' }),
    strength: float({ label: 'strength', default: 1, min: 0, max: 10, help: 'How much it counts where it meets other prompts.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The prompt with its area.' }) },
  run: ({ conditioning: prompt, strength, ...sides }) => ({
    CONDITIONING: prompt.map((one) => ({ ...one, strength, area: { unit: 'share', ...sides } })),
  }),
});
