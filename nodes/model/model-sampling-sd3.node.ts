import { shiftedFlow } from '../diffusion/continuous-sampling.ts';
import { defineNode, float, model } from '../kit/index.ts';

/** A shifted straight path (Esser et al. 2024). */
export default defineNode({
  type: 'ModelSamplingSD3',
  title: 'Model sampling (flow)',
  category: 'model',
  help: 'For rectified-flow networks such as Stable Diffusion 3: larger pictures need a larger shift towards noise.',
  inputs: {
    model: model({ label: 'model', help: 'A network that predicts flow.' }),
    shift: float({ label: 'shift', default: 3, min: 0.01, max: 100, help: 'How much of the time is spent at high noise; 1 is none more.' }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, shift }) => ({ MODEL: { ...network, sampling: shiftedFlow(shift) } }),
});
