import { cropToShape, targetSize } from '../diffusion/image-size.ts';
import { cropPort, imageMethodPort } from '../diffusion/scale-ports.ts';
import { defineNode, image, int } from '../kit/index.ts';

/** Another size. */
export default defineNode({
  type: 'ImageScale',
  title: 'Scale image',
  category: 'image',
  help: 'Makes a picture larger or smaller.',
  keywords: ['resize', 'size', 'upscale', 'enlarge', 'shrink', 'bigger', 'smaller'],
  inputs: {
    image: image({ label: 'image', help: 'The picture to scale.' }),
    upscale_method: imageMethodPort,
    width: int({
      label: 'width',
      unit: 'px',
      default: 512,
      min: 0,
      max: 16_384,
      help: 'New width; 0 follows the height, and both 0 leave the picture as it is.',
    }),
    height: int({ label: 'height', unit: 'px', default: 512, min: 0, max: 16_384, help: 'New height; 0 follows the width.' }),
    crop: cropPort,
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The scaled picture.' }) },
  async run({ image: picture, upscale_method: method, width, height, crop }, { images }) {
    const size = targetSize(picture, { width, height });
    const [, rows, columns] = picture.dims;
    if (size.height === rows && size.width === columns) return { IMAGE: picture };
    const source = crop === 'center' ? cropToShape(picture, size) : picture;
    return { IMAGE: await images.resize(source, { ...size, method }) };
  },
});
