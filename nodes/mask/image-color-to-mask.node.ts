import { pixelsOfColour } from '../diffusion/mask-channels.ts';
import { color, defineNode, image, mask } from '../kit/index.ts';

/** The pixels of one colour as a mask. */
export default defineNode({
  type: 'ImageColorToMask',
  title: 'Colour to mask',
  category: 'mask',
  help: 'Makes a mask of the pixels that have exactly one colour: paint a region in a colour that is nowhere else, and take it here.',
  inputs: {
    image: image({ label: 'image', help: 'The picture.' }),
    color: color({ label: 'colour', default: 0, help: 'The colour to look for.' }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'White where the picture has the colour.' }) },
  run: ({ image: picture, color: rgb }) => ({ MASK: pixelsOfColour(picture, rgb) }),
});
