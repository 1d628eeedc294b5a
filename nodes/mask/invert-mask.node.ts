import { defineNode, mask, scale } from '../kit/index.ts';

/** 1 − m. */
export default defineNode({
  type: 'InvertMask',
  title: 'Invert mask',
  category: 'mask',
  help: 'Masks what was not masked, and the other way round.',
  inputs: { mask: mask({ label: 'mask', help: 'The mask.' }) },
  outputs: { MASK: mask({ label: 'mask', help: 'The inverted mask.' }) },
  run: ({ mask: drawn }) => ({ MASK: scale(drawn, -1, 1) }),
});
