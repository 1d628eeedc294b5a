import { cfgGuider } from '../diffusion/guidance.ts';
import { seededNoise, silentNoise } from '../diffusion/noise.ts';
import { cfgPort, latentPort, modelPort, negativePort, positivePort, seedPort } from '../diffusion/sampler-ports.ts';
import { toldSampling } from '../diffusion/told-sampling.ts';
import { defineNode, type Latent, latent, type NodeEvent, sampler, sigmas, toggle } from '../kit/index.ts';

/** A loop with its own sampler and noise levels. */
export default defineNode({
  type: 'SamplerCustom',
  title: 'Sampler (own steps)',
  category: 'sample',
  help: 'Noise, guidance and sampler loop in one node; the sampler and the noise levels come from nodes of their own.',
  inputs: {
    model: modelPort,
    add_noise: toggle({ label: 'add noise', default: true, help: 'Off goes on from a latent that already holds noise.' }),
    noise_seed: seedPort,
    cfg: cfgPort,
    positive: positivePort,
    negative: negativePort,
    sampler: sampler({ label: 'sampler', help: 'How each step is taken.' }),
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels to walk down.' }),
    latent_image: latentPort,
  },
  outputs: {
    output: latent({ label: 'latent', help: 'The result. If the last noise level is not 0 it still holds that much noise.' }),
    denoised_output: latent({ label: 'clean guess', help: 'The last guess of the clean picture.' }),
  },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { output: Latent; denoised_output: Latent }, void> {
    const { model: network, positive, negative, cfg, noise_seed, sampler: method, sigmas: levels, latent_image } = inputs;
    const run = {
      guider: cfgGuider(network, { positive, negative, cfg }),
      sampler: method,
      sigmas: levels,
      noise: inputs.add_noise ? seededNoise(noise_seed) : silentNoise(noise_seed),
      latent: latent_image,
    };
    const { output, denoised } = yield* toldSampling(run, { signal, preview: 'x̂₀ clean' });
    return { output, denoised_output: denoised };
  },
});
