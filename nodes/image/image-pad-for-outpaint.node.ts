import { paddedForOutpaint } from '../diffusion/outpaint.ts';
import { defineNode, image, int, mask } from '../kit/index.ts';

const side = (name: string) =>
  int({ label: name, unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: `How much to add at the ${name}.` });

/** Room around a picture. */
export default defineNode({
  type: 'ImagePadForOutpaint',
  title: 'Pad image for outpainting',
  category: 'image',
  keywords: ['outpaint', 'extend', 'border'],
  help: 'Adds grey at the sides of a picture, and gives a mask of it: a sampler with that mask paints on beyond the edges.\nWire both to “VAE encode for inpainting”.',
  inputs: {
    image: image({ label: 'image', help: 'The picture.' }),
    left: side('left'),
    top: side('top'),
    right: side('right'),
    bottom: side('bottom'),
    feathering: int({
      label: 'feathering',
      unit: 'px',
      default: 40,
      min: 0,
      max: 16_384,
      help: 'How far the new part reaches softly into the picture; none if the picture is not twice as large.',
    }),
  },
  outputs: {
    IMAGE: image({ label: 'image', help: 'The larger picture.' }),
    MASK: mask({ label: 'mask', help: 'White where there is something to paint.' }),
  },
  run({ image: picture, ...padding }) {
    const padded = paddedForOutpaint(picture, padding);
    return { IMAGE: padded.image, MASK: padded.mask };
  },
});
