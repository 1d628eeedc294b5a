import { clippedPart, cutPixels } from '../diffusion/image-size.ts';
import { defineNode, image, int } from '../kit/index.ts';

/** A rectangle of a picture. */
export default defineNode({
  type: 'ImageCrop',
  title: 'Crop image',
  category: 'image',
  help: 'Cuts a rectangle out of a picture. What lies outside of the picture is left out.',
  inputs: {
    image: image({ label: 'image', help: 'The picture.' }),
    width: int({ label: 'width', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Width of the rectangle.' }),
    height: int({ label: 'height', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Height of the rectangle.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where it starts, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where it starts, from the top.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The rectangle.' }) },
  run({ image: picture, ...part }) {
    const [, height = 0, width = 0] = picture.dims;
    return { IMAGE: cutPixels(picture, clippedPart({ width, height }, part)) };
  },
});
