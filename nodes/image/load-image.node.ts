import { choiceFrom, defineNode, image, mask } from '../kit/index.ts';

/** A picture from the input folder. */
export default defineNode({
  type: 'LoadImage',
  title: 'Load image',
  category: 'image',
  help: 'Opens a picture from the input folder. Drop a file on the node to put one there.',
  keywords: ['open', 'upload', 'file', 'photo', 'input', 'mask', 'img2img'],
  inputs: { image: choiceFrom('input-images', { label: 'image', upload: true, help: 'Which picture to open.' }) },
  outputs: {
    IMAGE: image({ label: 'image', help: 'The picture.' }),
    MASK: mask({ label: 'mask', help: 'Where the picture is transparent.' }),
  },
  async *run({ image: name }, { images }) {
    const { image: IMAGE, mask: MASK } = await images.load(name);
    yield {
      kind: 'show',
      content: { kind: 'images', files: [{ folder: 'input', name, width: IMAGE.dims[2] ?? 0, height: IMAGE.dims[1] ?? 0 }] },
    } as const;
    return { IMAGE, MASK };
  },
  async identity({ image: name }, { images }) {
    return name === undefined ? '' : images.identity(name);
  },
});
