import { fluxSampling } from '../diffusion/sampling-overrides.ts';
import { defineNode, float, int, model } from '../kit/index.ts';

/** A shifted straight path whose shift follows the size. */
export default defineNode({
  type: 'ModelSamplingFlux',
  title: 'Model sampling (Flux)',
  category: 'model',
  help: 'For FLUX networks: the shift towards noise grows with the size of the picture.',
  inputs: {
    model: model({ label: 'model', help: 'A network that predicts flow.' }),
    max_shift: float({ label: 'shift at 1024', default: 1.15, min: 0, max: 100, help: 'The shift for 1024 × 1024 pixels.' }),
    base_shift: float({ label: 'shift at 256', default: 0.5, min: 0, max: 100, help: 'The shift for 256 × 256 pixels.' }),
    width: int({ label: 'width', unit: 'px', default: 1024, min: 16, max: 16_384, step: 8, help: 'Width of the picture.' }),
    height: int({ label: 'height', unit: 'px', default: 1024, min: 16, max: 16_384, step: 8, help: 'Height of the picture.' }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, max_shift: maxShift, base_shift: baseShift, width, height }) => ({
    MODEL: { ...network, sampling: fluxSampling({ maxShift, baseShift, width, height }) },
  }),
});
