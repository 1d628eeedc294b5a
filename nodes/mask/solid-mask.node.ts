import { defineNode, float, int, mask } from '../kit/index.ts';

/** One value everywhere. */
export default defineNode({
  type: 'SolidMask',
  title: 'Solid mask',
  category: 'mask',
  help: 'A mask of a single value.\nPut a white one into a black one with “Combine masks” to mark a rectangle.',
  inputs: {
    value: float({ label: 'value', default: 1, min: 0, max: 1, slider: true, help: '1 is masked, 0 is not.' }),
    width: int({ label: 'width', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Width of the mask.' }),
    height: int({ label: 'height', unit: 'px', default: 512, min: 1, max: 16_384, help: 'Height of the mask.' }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The mask.' }) },
  run: ({ value, width, height }) => ({ MASK: { dims: [1, height, width], data: new Float32Array(height * width).fill(value) } }),
});
