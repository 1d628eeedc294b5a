import { defineNode, float, mask } from '../kit/index.ts';

/** Only 0 and 1. */
export default defineNode({
  type: 'ThresholdMask',
  title: 'Threshold mask',
  category: 'mask',
  help: 'Makes a soft mask hard: what lies above the value becomes 1, all else 0.',
  inputs: {
    mask: mask({ label: 'mask', help: 'The mask.' }),
    value: float({ label: 'above', default: 0.5, min: 0, max: 1, slider: true, help: 'What lies above is masked.' }),
  },
  outputs: { MASK: mask({ label: 'mask', help: 'The hard mask.' }) },
  run: ({ mask: { dims, data }, value }) => ({ MASK: { dims, data: data.map((one) => Number(one > Math.fround(value))) } }),
});
