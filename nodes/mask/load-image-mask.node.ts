import { toMask } from '../diffusion/mask-channels.ts';
import { choice, choiceFrom, defineNode, mask } from '../kit/index.ts';

/** A mask out of a picture of the input folder. */
export default defineNode({
  type: 'LoadImageMask',
  title: 'Load mask',
  category: 'mask',
  keywords: ['alpha', 'transparent'],
  help: 'Opens a picture from the input folder as a mask: what is white (1) is masked, what is black (0) is not.\nOf the transparency (alpha), the transparent part is masked.',
  inputs: {
    image: choiceFrom('input-images', { label: 'image', upload: true, help: 'Which picture to open.' }),
    channel: choice(['alpha', 'red', 'green', 'blue'], { label: 'channel', help: 'Which part of the picture is the mask.' }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The mask, of the size of the picture.' }) },
  async *run({ image: name, channel }, { images }) {
    const { image, mask: transparent } = await images.load(name);
    yield {
      kind: 'show',
      content: { kind: 'images', files: [{ folder: 'input', name, width: image.dims[2] ?? 0, height: image.dims[1] ?? 0 }] },
    } as const;
    return { MASK: channel === 'alpha' ? transparent : toMask(image, channel) };
  },
  async identity({ image: name }, { images }) {
    return name === undefined ? '' : images.identity(name);
  },
});
