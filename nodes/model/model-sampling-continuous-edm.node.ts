import { continuousModel, continuousPredictions } from '../diffusion/sampling-overrides.ts';
import { choice, defineNode, float, model } from '../kit/index.ts';

/** What a network predicts, over a range of noise levels. */
export default defineNode({
  type: 'ModelSamplingContinuousEDM',
  title: 'Model sampling (range)',
  category: 'model',
  help: 'For networks that were trained on a range of noise levels instead of steps (EDM, Stable Video Diffusion).',
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    sampling: choice(continuousPredictions, {
      label: 'predicts',
      help: 'What the network gives: velocity, EDM’s output (for Playground 2.5 with latents laid out its way), or noise.',
    }),
    sigma_max: float({
      label: 'σ max',
      default: 120,
      min: 0.001,
      max: 1000,
      step: 0.001,
      help: 'The largest noise level it was trained on.',
    }),
    sigma_min: float({
      label: 'σ min',
      default: 0.002,
      min: 0.0001,
      max: 1000,
      step: 0.001,
      help: 'The smallest noise level it was trained on.',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, sampling, sigma_max: sigmaMax, sigma_min: sigmaMin }) => ({
    MODEL: continuousModel(network, sampling, { sigmaMin, sigmaMax }),
  }),
});
