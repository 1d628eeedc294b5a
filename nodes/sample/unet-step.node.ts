import { noNoise } from '../diffusion/noise.ts';
import { impliedNoise } from '../diffusion/parameterisation.ts';
import { latentAt, stepLatent } from '../diffusion/sampling-run.ts';
import { drawAt, levelsAt, startOfStep, stepLoops, stepMethods } from '../diffusion/single-step.ts';
import { previewKinds, stepEvent } from '../diffusion/step-preview.ts';
import { choice, defineNode, guider, int, type Latent, latent, type NodeEvent, noise, optional, sigmas } from '../kit/index.ts';

/** One step of the reverse process, by hand. */
export default defineNode({
  type: 'UNetStep',
  title: 'U-Net step',
  category: 'sample',
  help: 'Takes one single step of the sampler loop: from the latent at noise level σ[step] to the next level. Chain several, counting step up from 0, and you have unrolled the loop by hand.',
  inputs: {
    guider: guider({ label: 'denoiser', help: 'The network with its prompts, from “U-Net (guidance)”.' }),
    latent: latent({
      label: 'latent',
      help: 'The latent at this noise level: the result of the step before, or for step 0 an empty latent.',
    }),
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels of the whole walk; the same for each step of the chain.' }),
    step: int({ label: 'step', default: 0, min: 0, max: 9999, help: 'Which step to take, counted from 0.' }),
    noise: optional(
      noise({ label: 'noise', help: 'The starting noise for step 0 of a clean latent; ddpm also draws its fresh noise from it.' }),
    ),
    method: choice(stepMethods, {
      label: 'method',
      help: 'euler follows the slope, ddim rebuilds the next level from the clean guess and the guessed noise (the same result), ddpm also adds fresh noise.',
    }),
    preview: choice(previewKinds, {
      label: 'preview',
      advanced: true,
      help: 'What the node shows: the clean guess, the noisy latent, the guessed noise, or nothing.',
    }),
  },
  outputs: {
    latent: latent({ label: 'next latent', help: 'The latent at the next noise level.' }),
    denoised: latent({ label: 'clean guess', help: 'What the network thinks the clean latent is (x̂₀).' }),
    noise: latent({ label: 'guessed noise', help: 'The noise that the network sees in the latent (ε̂).' }),
  },
  async *run(inputs, { signal }): AsyncGenerator<NodeEvent, { latent: Latent; denoised: Latent; noise: Latent }, void> {
    const { guider: denoiser, latent: from, sigmas: all, step, noise: source = noNoise, method, preview } = inputs;
    const levels = levelsAt(all, step);
    const [sigma = 0, next = 0] = levels;
    const x = startOfStep({ guider: denoiser, latent: from, noise: source }, { sigma, step, fresh: method === 'ddpm' && next > 0 });
    const run = { guider: denoiser, latent: from };
    const taken = await stepLatent({ loop: stepLoops[method], levels, draw: drawAt(source, step), x }, denoiser, signal);
    yield stepEvent({ index: 0, total: 1, sigma, x, denoised: taken.denoised }, denoiser.model, preview);
    return {
      latent: latentAt(taken.x, next, run),
      denoised: latentAt(taken.denoised, 0, run),
      noise: latentAt(impliedNoise(x, taken.denoised, sigma), 0, run),
    };
  },
});
