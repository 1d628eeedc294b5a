import { roundHalfEven } from '../diffusion/rounding.ts';
import { imageMethodPort } from '../diffusion/scale-ports.ts';
import { defineNode, float, image } from '../kit/index.ts';

/** So many times larger. */
export default defineNode({
  type: 'ImageScaleBy',
  title: 'Scale image by',
  category: 'image',
  help: 'Makes a picture so many times larger or smaller.',
  inputs: {
    image: image({ label: 'image', help: 'The picture to scale.' }),
    upscale_method: imageMethodPort,
    scale_by: float({ label: 'times', default: 1, min: 0.01, max: 8, help: '2 doubles each side, 0.5 halves it.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The scaled picture.' }) },
  async run({ image: picture, upscale_method: method, scale_by }, { images }) {
    const [, height = 0, width = 0] = picture.dims;
    const size = { width: roundHalfEven(width * scale_by), height: roundHalfEven(height * scale_by) };
    return { IMAGE: await images.resize(picture, { ...size, method }) };
  },
});
