import { combinedMasks, maskOperations } from '../diffusion/masks.ts';
import { choice, defineNode, int, mask } from '../kit/index.ts';

/** One mask with another. */
export default defineNode({
  type: 'MaskComposite',
  title: 'Combine masks',
  category: 'mask',
  help: 'Puts one mask onto another.\nadd masks both, multiply only what is in both, subtract takes the second away. and, or, xor do the same with hard edges: everything is rounded to 0 or 1.',
  inputs: {
    destination: mask({ label: 'mask', help: 'The mask that is changed.' }),
    source: mask({ label: 'other', help: 'The mask that is put onto it.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where the other starts, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, help: 'Where it starts, from the top.' }),
    operation: choice(maskOperations, { label: 'operation', help: 'How the two are joined where they meet.' }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The joined mask, of the size of the first.' }) },
  run: ({ destination, source, ...how }) => ({ MASK: combinedMasks(destination, source, how) }),
});
