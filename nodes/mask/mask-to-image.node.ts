import { toPicture } from '../diffusion/mask-channels.ts';
import { defineNode, image, mask } from '../kit/index.ts';

/** A mask as a grey picture. */
export default defineNode({
  type: 'MaskToImage',
  title: 'Mask to image',
  category: 'mask',
  help: 'Makes a grey picture of a mask: white is masked, black is not.',
  inputs: { mask: mask({ label: 'mask', help: 'The mask.' }) },
  outputs: { IMAGE: image({ label: 'image', help: 'The mask as a picture.' }) },
  run: ({ mask: drawn }) => ({ IMAGE: toPicture(drawn) }),
});
