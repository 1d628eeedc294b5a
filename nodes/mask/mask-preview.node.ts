import { toPicture } from '../diffusion/mask-channels.ts';
import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, mask } from '../kit/index.ts';

/** A mask that is only looked at. */
export default defineNode({
  type: 'MaskPreview',
  title: 'Preview mask',
  category: 'mask',
  effect: 'show',
  help: 'Shows a mask in the node: white is masked, black is not.',
  inputs: { mask: mask({ label: 'mask', help: 'What to show.' }) },
  outputs: {},
  async *run({ mask: drawn }, { images }) {
    const files = await images.show(toPicture(requireFinite(drawn, 'The mask')));
    yield { kind: 'show', content: { kind: 'images', files } } as const;
    return {};
  },
});
