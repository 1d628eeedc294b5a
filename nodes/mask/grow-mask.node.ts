import { grown } from '../diffusion/masks.ts';
import { defineNode, int, mask, toggle } from '../kit/index.ts';

/** Larger or smaller. */
export default defineNode({
  type: 'GrowMask',
  title: 'Grow mask',
  category: 'mask',
  keywords: ['dilate', 'erode', 'expand', 'shrink'],
  help: 'Makes the masked part larger all around, or smaller with a negative number.\nGrow a mask a little before inpainting, so that no edge of the old picture stays.',
  inputs: {
    mask: mask({ label: 'mask', help: 'The mask.' }),
    expand: int({ label: 'by', unit: 'px', default: 0, min: -16_384, max: 16_384, help: 'How far it grows; negative shrinks.' }),
    tapered_corners: toggle({
      label: 'tapered corners',
      default: true,
      help: 'Cuts the corners off as it grows; without, it grows as a square.',
    }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The larger or smaller mask.' }) },
  run: ({ mask: drawn, expand, tapered_corners }) => ({ MASK: grown(drawn, expand, tapered_corners) }),
});
