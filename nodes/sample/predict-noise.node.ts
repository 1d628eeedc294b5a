import { eachItem } from '../diffusion/noisy-latents.ts';
import { predictAt } from '../diffusion/predictions.ts';
import { latentAt } from '../diffusion/sampling-run.ts';
import { previewKinds, stepEvent } from '../diffusion/step-preview.ts';
import { choice, concatBatch, defineNode, GraphError, guider, type Latent, latent, type NodeEvent } from '../kit/index.ts';

/** ε̂ and x̂₀ of noisy latents: the network asked once, no step taken. */
export default defineNode({
  type: 'PredictNoise',
  title: 'Predict noise',
  category: 'sample',
  help: 'Asks the network once what noise it sees in a latent, without taking a step: gives the guessed noise ε̂, and the clean guess x̂₀ = (x_t − √(1−ᾱ)·ε̂)/√ᾱ that follows from it.',
  inputs: {
    guider: guider({ label: 'denoiser', help: 'The network with its prompts, from “U-Net (guidance)”.' }),
    x_t: latent({ label: 'x_t', help: 'A noisy latent, or a batch of them, each with its own amount of noise.' }),
    preview: choice(previewKinds, { label: 'preview', advanced: true, help: 'What the node shows.' }),
  },
  outputs: {
    noise: latent({ label: 'ε̂', help: 'The noise that the network sees.' }),
    denoised: latent({ label: 'x̂₀', help: 'What the clean latent would be if that were right.' }),
  },
  async *run({ guider: denoiser, x_t, preview }, { signal }): AsyncGenerator<NodeEvent, { noise: Latent; denoised: Latent }, void> {
    const items = eachItem(x_t);
    const all: { noise: Latent; denoised: Latent }[] = [];
    for (const [index, { item, sigma }] of items.entries()) {
      signal.throwIfAborted();
      if (sigma === 0) {
        throw new GraphError(
          'noise-mismatch',
          'This latent is clean: there is no noise to predict. Wire one from “Forward process” or “Add noise”.',
          {
            place: { port: 'x_t' },
          },
        );
      }
      const { x, denoised, noise } = await predictAt(denoiser, item, sigma);
      const run = { guider: denoiser, latent: item };
      all.push({ noise: latentAt(noise, 0, run), denoised: latentAt(denoised, 0, run) });
      yield stepEvent({ index, total: items.length, sigma, x, denoised }, denoiser.model, preview);
    }
    return { noise: joined(all.map(({ noise }) => noise)), denoised: joined(all.map(({ denoised }) => denoised)) };
  },
});

/** Clean latents of one shape as a batch. */
const joined = (parts: readonly Latent[]): Latent => ({ ...parts[0], samples: concatBatch(parts.map(({ samples }) => samples)) });
