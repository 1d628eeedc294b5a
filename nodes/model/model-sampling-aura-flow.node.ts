import { shiftedFlow } from '../diffusion/continuous-sampling.ts';
import { defineNode, float, model } from '../kit/index.ts';

/** A shifted straight path whose network is told σ itself. */
export default defineNode({
  type: 'ModelSamplingAuraFlow',
  title: 'Model sampling (AuraFlow)',
  category: 'model',
  help: 'For rectified-flow networks that are told a time from 0 to 1, such as AuraFlow and Lumina; otherwise as “Model sampling (flow)”.',
  inputs: {
    model: model({ label: 'model', help: 'A network that predicts flow.' }),
    shift: float({
      label: 'shift',
      default: 1.73,
      min: 0.01,
      max: 100,
      help: 'How much of the time is spent at high noise; 1 is none more.',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, shift }) => ({ MODEL: { ...network, sampling: shiftedFlow(shift, 1) } }),
});
