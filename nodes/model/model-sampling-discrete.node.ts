import { discretePredictions, discreteSampling } from '../diffusion/sampling-overrides.ts';
import { choice, defineNode, model, toggle } from '../kit/index.ts';

/** What a network predicts, over its training steps. */
export default defineNode({
  type: 'ModelSamplingDiscrete',
  title: 'Model sampling (steps)',
  category: 'model',
  help: 'Says what a network predicts, where its files say nothing or the wrong thing: noise, velocity, the picture itself, or that it is a latent consistency model. Zero SNR is for models trained down to pure noise.',
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    sampling: choice(discretePredictions, {
      label: 'predicts',
      help: 'eps is noise, v_prediction velocity, x0 the picture; lcm is for latent consistency models.',
    }),
    zsnr: toggle({
      label: 'zero SNR',
      default: false,
      help: 'Stretch the noise so that nothing of the picture is left at the last training step.',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run: ({ model: network, sampling, zsnr }) => ({ MODEL: { ...network, sampling: discreteSampling(network, sampling, zsnr) } }),
});
