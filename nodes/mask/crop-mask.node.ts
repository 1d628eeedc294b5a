import { clippedPart } from '../diffusion/image-size.ts';
import { cutRegion } from '../diffusion/latent-regions.ts';
import { defineNode, int, mask } from '../kit/index.ts';

/** A rectangle of a mask. */
export default defineNode({
  type: 'CropMask',
  title: 'Crop mask',
  category: 'mask',
  help: 'Cuts a rectangle out of a mask. What lies outside of the mask is left out.',
  inputs: {
    mask: mask({ label: 'mask', help: 'The mask.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where the rectangle starts, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where it starts, from the top.' }),
    width: int({ label: 'width', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Its width.' }),
    height: int({ label: 'height', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Its height.' }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The rectangle.' }) },
  run({ mask: drawn, ...part }) {
    const [, height = 0, width = 0] = drawn.dims;
    return { MASK: cutRegion(drawn, clippedPart({ width, height }, part)) };
  },
});
