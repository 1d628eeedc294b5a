import { blended, blendModes } from '../diffusion/blend-modes.ts';
import { cropToShape } from '../diffusion/image-size.ts';
import { repeatTo } from '../diffusion/planes.ts';
import { choice, defineNode, float, image } from '../kit/index.ts';

/** Two pictures mixed. */
export default defineNode({
  type: 'ImageBlend',
  title: 'Blend images',
  category: 'image',
  help: 'Mixes two pictures. One of another size is brought to the size of the first.',
  inputs: {
    image1: image({ label: 'first', help: 'The picture at 0.' }),
    image2: image({ label: 'second', help: 'The picture at 1.' }),
    blend_factor: float({
      label: 'second counts',
      default: 0.5,
      min: 0,
      max: 1,
      slider: true,
      help: '0 is the first, 1 the second laid over it.',
    }),
    blend_mode: choice(blendModes, {
      label: 'mode',
      help: 'normal covers, multiply darkens, screen lightens, overlay and soft_light add contrast, difference shows what differs.',
    }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The mixture.' }) },
  async run({ image1: below, image2, blend_factor: share, blend_mode: mode }, { images }) {
    const [batch = 0, height = 0, width = 0] = below.dims;
    const fits = image2.dims[1] === height && image2.dims[2] === width;
    const above = fits ? image2 : await images.resize(cropToShape(image2, { width, height }), { width, height, method: 'bicubic' });
    return { IMAGE: blended(below, repeatTo(above, batch), { mode, share }) };
  },
});
