import { cfgGuider } from '../diffusion/guidance.ts';
import { ksamplerSigmas, samplerNamed } from '../diffusion/ksampler-steps.ts';
import { seededNoise } from '../diffusion/noise.ts';
import { ksamplerPorts, modelPort, seedPort } from '../diffusion/sampler-ports.ts';
import { toldSampling } from '../diffusion/told-sampling.ts';
import { defineNode, float, type Latent, latent, type NodeEvent } from '../kit/index.ts';

/** Noise, schedule, guidance and loop in one node. */
export default defineNode({
  type: 'KSampler',
  title: 'Sampler (all in one)',
  category: 'sample',
  help: 'Noise, sampling steps, guidance and sampler loop in one node: the short way when you do not need to wire them yourself.',
  keywords: ['denoise', 'seed', 'steps', 'generate', 'img2img', 'txt2img'],
  inputs: {
    model: modelPort,
    seed: seedPort,
    ...ksamplerPorts,
    denoise: float({
      label: 'denoise',
      default: 1,
      min: 0,
      max: 1,
      slider: true,
      help: 'Less than 1 keeps part of the latent that goes in.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The denoised latent.' }) },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { LATENT: Latent }, void> {
    const { model: network, sampler_name, scheduler, steps, denoise, positive, negative, cfg } = inputs;
    const run = {
      guider: cfgGuider(network, { positive, negative, cfg }),
      sampler: samplerNamed(sampler_name),
      sigmas: ksamplerSigmas(network.sampling, { scheduler, steps, denoise, sampler: sampler_name }),
      noise: seededNoise(inputs.seed),
      latent: inputs.latent_image,
    };
    const { output } = yield* toldSampling(run, { signal, preview: 'x̂₀ clean' });
    return { LATENT: output };
  },
});
