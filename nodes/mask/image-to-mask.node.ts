import { toMask } from '../diffusion/mask-channels.ts';
import { choice, defineNode, GraphError, image, mask } from '../kit/index.ts';

/** One colour of a picture as a mask. */
export default defineNode({
  type: 'ImageToMask',
  title: 'Image to mask',
  category: 'mask',
  help: 'Takes one colour of a picture as a mask: where the colour is full, the mask is white (1).',
  inputs: {
    image: image({ label: 'image', help: 'The picture.' }),
    channel: choice(['red', 'green', 'blue', 'alpha'], {
      label: 'channel',
      help: 'Which colour. A picture on a wire has no alpha: Load image gives the transparent part as a mask of its own.',
    }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The mask.' }) },
  run({ image: picture, channel }) {
    if (channel === 'alpha') {
      const sentence =
        'A picture on a wire has red, green and blue only. Wire the mask of “Load image”, which is its alpha, or choose a colour.';
      throw new GraphError('bad-value', sentence, { place: { port: 'channel' } });
    }
    return { MASK: toMask(picture, channel) };
  },
});
