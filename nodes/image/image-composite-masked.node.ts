import { pastedUnder } from '../diffusion/composite.ts';
import { toPixels, toPlanes } from '../diffusion/planes.ts';
import { defineNode, image, int, mask, optional, toggle } from '../kit/index.ts';

/** One picture on another, under a mask. */
export default defineNode({
  type: 'ImageCompositeMasked',
  title: 'Composite images under a mask',
  category: 'image',
  keywords: ['paste', 'overlay'],
  help: 'Puts one picture onto another where a mask is white; without a mask all of it.\nAfter inpainting it puts the untouched part of the old picture back, pixel by pixel.',
  inputs: {
    destination: image({ label: 'background', help: 'The picture that is covered.' }),
    source: image({ label: 'foreground', help: 'The picture that is put onto it.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where it goes, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where it goes, from the top.' }),
    resize_source: toggle({ label: 'fit size', default: false, help: 'Brings the foreground to the size of the background first.' }),
    mask: optional(mask({ label: 'mask', help: 'White is where the foreground is seen. It is brought to the size of the foreground.' })),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'Both as one picture.' }) },
  run({ destination, source, x, y, resize_source: resize, mask: drawn }) {
    return { IMAGE: toPixels(pastedUnder(toPlanes(destination), toPlanes(source), { x, y, resize, mask: drawn })) };
  },
});
