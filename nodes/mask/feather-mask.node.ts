import { feathered } from '../diffusion/masks.ts';
import { defineNode, int, mask } from '../kit/index.ts';

const side = (name: string) =>
  int({ label: name, unit: 'px', default: 0, min: 0, max: 16_384, help: `Over how many pixels it fades at the ${name}.` });

/** Soft sides. */
export default defineNode({
  type: 'FeatherMask',
  title: 'Feather mask',
  category: 'mask',
  keywords: ['soft', 'fade', 'blur'],
  help: 'Lets a mask fade towards the sides of the picture.',
  inputs: {
    mask: mask({ label: 'mask', help: 'The mask.' }),
    left: side('left'),
    top: side('top'),
    right: side('right'),
    bottom: side('bottom'),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The mask with soft sides.' }) },
  run: ({ mask: drawn, ...widths }) => ({ MASK: feathered(drawn, widths) }),
});
