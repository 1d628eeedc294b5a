import { arctanSampling } from '../diffusion/continuous-sampling.ts';
import { choice, defineNode, float, model } from '../kit/index.ts';

/** Velocity over a range of noise levels. */
export default defineNode({
  type: 'ModelSamplingContinuousV',
  title: 'Model sampling (velocity range)',
  category: 'model',
  help: 'For networks that predict velocity over a range of noise levels and are told the angle arctan σ instead of a step.',
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    sampling: choice(['v_prediction'], { label: 'predicts', help: 'What the network gives: velocity.' }),
    sigma_max: float({
      label: 'σ max',
      default: 500,
      min: 0.001,
      max: 1000,
      step: 0.001,
      help: 'The largest noise level it was trained on.',
    }),
    sigma_min: float({
      label: 'σ min',
      default: 0.03,
      min: 0.0001,
      max: 1000,
      step: 0.001,
      help: 'The smallest noise level it was trained on.',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, sampling: prediction, sigma_max: sigmaMax, sigma_min: sigmaMin }) => ({
    MODEL: { ...network, sampling: arctanSampling({ prediction, sigmaMin, sigmaMax, sigmaData: 1 }) },
  }),
});
