import { forwardAt, trainingStep } from '../diffusion/forward-process.ts';
import { networkScale, requireClean } from '../diffusion/noisy-latents.ts';
import { torchNormal } from '../diffusion/random.ts';
import { defineNode, int, latent, noiseSchedule, scale, seed } from '../kit/index.ts';

/** q(x_t | x_0) = N(√ᾱ_t·x_0, (1−ᾱ_t)·I) in one go (Ho et al. 2020, eq. 4). */
export default defineNode({
  type: 'ForwardNoise',
  title: 'Forward process',
  category: 'latent',
  help: 'Adds the noise that a picture has after t training steps, in one go: x_t = √ᾱ·x₀ + √(1−ᾱ)·ε. This is what a diffusion model is trained to undo.',
  inputs: {
    x_0: latent({ label: 'x₀', help: 'A clean latent, such as an encoded picture.' }),
    schedule: noiseSchedule({ label: 'schedule', help: 'How noise grows over the training steps.' }),
    t: int({
      label: 't',
      default: 250,
      min: 0,
      max: 9999,
      slider: true,
      help: 'The training step, from 0 (hardly any noise) to T − 1 (nothing but noise).',
    }),
    seed: seed({ label: 'seed', help: 'Which noise to add; the same seed adds the same noise at every t.' }),
  },
  outputs: {
    x_t: latent({ label: 'x_t', help: 'The noisy latent; it remembers how much noise it holds.' }),
    noise: latent({ label: 'ε', help: 'The noise that was added.' }),
  },
  run({ x_0, schedule, t, seed: chance }) {
    requireClean(x_0, 'The forward process');
    const { alphaBar, sigma } = trainingStep(schedule, t);
    const epsilon = scale(torchNormal(chance)(x_0.samples.dims), 1 / networkScale(x_0));
    const samples = forwardAt(x_0.samples, epsilon, alphaBar);
    return { x_t: { ...x_0, samples, noise: { sigma, form: 'preserving' } }, noise: { ...x_0, samples: epsilon } };
  },
});
