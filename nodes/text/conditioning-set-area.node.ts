import { conditioning, defineNode, float, int } from '../kit/index.ts';

/** A prompt in a rectangle. */
export default defineNode({
  type: 'ConditioningSetArea',
  title: 'Prompt in an area',
  category: 'text',
  keywords: ['region', 'regional', 'rectangle'],
  help: 'Lets a prompt act only in a rectangle of the picture. Combine it with a prompt for the rest.\nThe network is run on the rectangle as if it were the whole picture, so it should not be much smaller than what the model was trained at.\nEdges inside of the picture are softened over up to 64 pixels.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'An encoded prompt.' }),
    width: int({ label: 'width', unit: 'px', default: 64, min: 64, max: 16_384, step: 8, help: 'Width of the rectangle.' }),
    height: int({ label: 'height', unit: 'px', default: 64, min: 64, max: 16_384, step: 8, help: 'Height of the rectangle.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it starts, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it starts, from the top.' }),
    strength: float({ label: 'strength', default: 1, min: 0, max: 10, help: 'How much it counts where it meets other prompts.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The prompt with its area.' }) },
  run: ({ conditioning: prompt, strength, ...pixels }) => {
    const cells = (side: number): number => Math.floor(side / 8);
    const area = { x: cells(pixels.x), y: cells(pixels.y), width: cells(pixels.width), height: cells(pixels.height) };
    return { CONDITIONING: prompt.map((one) => ({ ...one, strength, area: { unit: 'cells', ...area } })) };
  },
});
