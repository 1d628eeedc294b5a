import { discretePredictions, discreteSampling, imitating } from '../diffusion/sampling-overrides.ts';
import { choice, defineNode, float, model, toggle } from '../kit/index.ts';

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
    guidance: float({
      label: 'imitated guidance',
      default: 8.5,
      min: 1,
      max: 30,
      advanced: true,
      help: 'Only for lcm: how strong a guidance the network acts as if it had, in place of cfg, which stays at 1. Networks without such an input take no notice.',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The same network, sampled that way.' }) },
  run({ model: network, sampling, zsnr, guidance }) {
    const sampled = { ...network, sampling: discreteSampling(network, sampling, zsnr) };
    return { MODEL: sampling === 'lcm' ? imitating(sampled, guidance) : sampled };
  },
});
