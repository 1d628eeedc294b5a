import { sampleLatent } from '../diffusion/sampling-run.ts';
import { previewKinds, stepEvent } from '../diffusion/step-preview.ts';
import { choice, defineNode, guider, type Latent, latent, type NodeEvent, noise, sampler, sigmas } from '../kit/index.ts';

/** The loop from noise to picture. */
export default defineNode({
  type: 'SamplerCustomAdvanced',
  title: 'Sampler loop',
  category: 'sample',
  help: 'Walks the noise levels from high to low. At each one it asks the denoiser what the clean picture looks like and takes one step towards it.',
  keywords: ['loop', 'generate', 'denoise', 'sample', 'progress'],
  inputs: {
    noise: noise({ label: 'noise', help: 'The noise to start from.' }),
    guider: guider({ label: 'denoiser', help: 'The network with its prompts, from “U-Net (guidance)”.' }),
    sampler: sampler({ label: 'sampler', help: 'How each step is taken.' }),
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels to walk down.' }),
    latent_image: latent({ label: 'latent', help: 'What to start from: an empty latent, or an encoded picture for image to image.' }),
    preview: choice(previewKinds, {
      label: 'preview',
      advanced: true,
      help: 'What to show while it runs: the clean guess, the noisy latent, the guessed noise, or nothing.',
    }),
  },
  outputs: {
    output: latent({ label: 'latent', help: 'The result. If the last noise level is not 0 it still holds that much noise.' }),
    denoised_output: latent({ label: 'clean guess', help: 'The last guess of the clean picture.' }),
  },
  async *run({ latent_image, preview, ...run }, { signal }): AsyncGenerator<NodeEvent, { output: Latent; denoised_output: Latent }, void> {
    const loop = sampleLatent({ ...run, latent: latent_image }, signal);
    for (let next = await loop.next(); ; next = await loop.next()) {
      if (next.done) return { output: next.value.output, denoised_output: next.value.denoised };
      yield stepEvent(next.value, run.guider.model, preview);
    }
  },
});
