import { cropToShape } from '../diffusion/image-size.ts';
import { concatBatch, defineNode, image } from '../kit/index.ts';

/** Two batches as one. */
export default defineNode({
  type: 'ImageBatch',
  title: 'Batch images',
  category: 'image',
  version: 2,
  help: 'Puts pictures one behind the other into one batch; those of another size are brought to the size of the first, with their sides cut to its shape.',
  keywords: ['join', 'combine', 'merge', 'together', 'stack'],
  inputs: {
    image1: image({ label: 'first', help: 'The pictures that come first.' }),
    image2: image({ label: 'second', help: 'The pictures that come after them.' }),
  },
  outputs: { IMAGE: image({ label: 'images', help: 'All of them as a batch.' }) },
  async run({ image1, image2 }, { images }) {
    const [, height = 0, width = 0] = image1.dims;
    const fits = image2.dims[1] === height && image2.dims[2] === width;
    const second = fits ? image2 : await images.resize(cropToShape(image2, { width, height }), { width, height, method: 'bilinear' });
    return { IMAGE: concatBatch([image1, second]) };
  },
});
