import { cfgGuider } from '../diffusion/guidance.ts';
import { ksamplerSigmas, samplerNamed, stepsBetween } from '../diffusion/ksampler-steps.ts';
import { seededNoise, silentNoise } from '../diffusion/noise.ts';
import { ksamplerPorts, modelPort, seedPort } from '../diffusion/sampler-ports.ts';
import { toldSampling } from '../diffusion/told-sampling.ts';
import { choice, defineNode, int, type Latent, latent, type NodeEvent } from '../kit/index.ts';

/** A part of the way, so that several samplers can share it. */
export default defineNode({
  type: 'KSamplerAdvanced',
  title: 'Sampler (some steps)',
  category: 'sample',
  help: 'As the all-in-one sampler, but takes only some of the steps: let one stop early and keep its noise, and another go on from there with noise disabled, the same steps, and another prompt, model or sampler.',
  inputs: {
    model: modelPort,
    add_noise: choice(['enable', 'disable'], { label: 'add noise', help: 'disable goes on from a latent that already holds noise.' }),
    noise_seed: seedPort,
    ...ksamplerPorts,
    start_at_step: int({ label: 'from step', default: 0, min: 0, max: 10_000, help: 'The first step to take, counted from 0.' }),
    end_at_step: int({
      label: 'to step',
      default: 10_000,
      min: 0,
      max: 10_000,
      help: 'Stop before this step; beyond the last one is the end.',
    }),
    return_with_leftover_noise: choice(['disable', 'enable'], {
      label: 'keep noise',
      help: 'enable keeps the noise that is left when it stops early; disable takes it away in the last step.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The latent after those steps.' }) },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { LATENT: Latent }, void> {
    const { model: network, sampler_name, scheduler, steps, positive, negative, cfg, noise_seed } = inputs;
    const all = ksamplerSigmas(network.sampling, { scheduler, steps, denoise: 1, sampler: sampler_name });
    const range = { start: inputs.start_at_step, end: inputs.end_at_step, toZero: inputs.return_with_leftover_noise === 'disable' };
    const run = {
      guider: cfgGuider(network, { positive, negative, cfg }),
      sampler: samplerNamed(sampler_name),
      sigmas: stepsBetween(all, range),
      noise: inputs.add_noise === 'enable' ? seededNoise(noise_seed) : silentNoise(noise_seed),
      latent: inputs.latent_image,
    };
    const { output } = yield* toldSampling(run, { signal, preview: 'x̂₀ clean' });
    return { LATENT: output };
  },
});
