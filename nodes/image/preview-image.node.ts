import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image } from '../kit/index.ts';

/** A picture that is only looked at. */
export default defineNode({
  type: 'PreviewImage',
  title: 'Preview image',
  category: 'image',
  effect: 'show',
  help: 'Shows a picture in the node without keeping a file.',
  keywords: ['show', 'view', 'look', 'display', 'output'],
  inputs: { images: image({ label: 'image', help: 'What to show.' }) },
  outputs: {},
  async *run({ images: pictures }, { images }) {
    yield { kind: 'show', content: { kind: 'images', files: await images.show(requireFinite(pictures, 'The picture')) } } as const;
    return {};
  },
});
