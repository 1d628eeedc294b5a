import { equalSizes } from '../diffusion/picture-cells.ts';
import { concatBatch, defineNode, image } from '../kit/index.ts';

/** Two batches as one. */
export default defineNode({
  type: 'ImageBatch',
  title: 'Batch images',
  category: 'image',
  help: 'Puts pictures one behind the other into one batch; smaller ones are enlarged to the size of the largest.',
  keywords: ['join', 'combine', 'merge', 'together', 'stack'],
  inputs: {
    image1: image({ label: 'first', help: 'The pictures that come first.' }),
    image2: image({ label: 'second', help: 'The pictures that come after them.' }),
  },
  outputs: { IMAGE: image({ label: 'images', help: 'All of them as a batch.' }) },
  run: async ({ image1, image2 }, { images }) => ({ IMAGE: concatBatch(await equalSizes([image1, image2], images)) }),
});
