import { evenSteps } from '../diffusion/forward-process.ts';
import { levelsOf } from '../diffusion/noisy-latents.ts';
import { impliedNoise, toUnscaled } from '../diffusion/parameterisation.ts';
import { latentAt, sampleLatent } from '../diffusion/sampling-run.ts';
import { previewKinds, stepEvent } from '../diffusion/step-preview.ts';
import {
  choice,
  concatBatch,
  defineNode,
  guider,
  int,
  latent,
  noise,
  type SampleStep,
  sampler,
  sigmas,
  sliceBatch,
  text,
} from '../kit/index.ts';

/** The sampler loop with its way kept. */
export default defineNode({
  type: 'SamplerTrajectory',
  title: 'Sampler loop, steps kept',
  category: 'sample',
  help: 'The same as “Sampler loop”, but it also gives what happened on the way: the noisy latent x_t, the clean guess x̂₀ and the guessed noise ε̂ at several steps, each as a batch. Wire them to a film strip.',
  inputs: {
    noise: noise({ label: 'noise', help: 'The noise to start from.' }),
    guider: guider({ label: 'denoiser', help: 'The network with its prompts.' }),
    sampler: sampler({ label: 'sampler', help: 'How each step is taken.' }),
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels to walk down.' }),
    latent_image: latent({ label: 'latent', help: 'What to start from; of a batch the first one is kept.' }),
    keep: int({ label: 'keep', unit: 'steps', default: 6, min: 1, max: 100, slider: true, help: 'How many steps to keep, evenly spread.' }),
    preview: choice(previewKinds, { label: 'preview', advanced: true, help: 'What to show while it runs.' }),
  },
  outputs: {
    output: latent({ label: 'latent', help: 'The result.' }),
    x_t: latent({ label: 'x_t', help: 'The noisy latents before the kept steps, as a batch.' }),
    denoised: latent({ label: 'x̂₀', help: 'The clean guesses at those steps.' }),
    noise: latent({ label: 'ε̂', help: 'The guessed noise at those steps.' }),
    labels: text({ label: 'labels', help: '“t = …” for each.' }),
  },
  async *run({ latent_image, preview, keep, ...run }, { signal }) {
    const { model } = run.guider;
    const total = run.sigmas.length - 1;
    const wanted = new Set(evenSteps({ first: 0, last: Math.max(total - 1, 0), count: Math.min(keep, Math.max(total, 1)) }));
    const kept: SampleStep[] = [];
    const loop = sampleLatent({ ...run, latent: latent_image }, signal);
    for (let next = await loop.next(); ; next = await loop.next()) {
      if (!next.done) {
        if (wanted.has(next.value.index)) kept.push(next.value);
        yield stepEvent(next.value, model, preview);
        continue;
      }
      const clean = latentAt(latent_image.samples, 0, { guider: run.guider, latent: latent_image });
      const batch = (pick: (step: SampleStep) => Parameters<typeof sliceBatch>[0]) =>
        kept.length === 0 ? clean.samples : toUnscaled(concatBatch(kept.map((step) => sliceBatch(pick(step), 0, 1))), model.latent);
      const levels = kept.map(({ sigma }) => sigma);
      return {
        output: next.value.output,
        x_t: { ...clean, samples: batch(({ x }) => x), ...(kept.length === 0 ? {} : { noise: levelsOf(levels, 'exploding') }) },
        denoised: { ...clean, samples: batch(({ denoised }) => denoised) },
        noise: { ...clean, samples: batch(({ x, denoised, sigma }) => impliedNoise(x, denoised, sigma)) },
        labels: levels.map((sigma) => `t = ${model.sampling.timestep(sigma)}`).join('\n'),
      };
    }
  },
});
