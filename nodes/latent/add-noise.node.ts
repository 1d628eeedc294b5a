import { fitToModel, requireClean } from '../diffusion/noisy-latents.ts';
import { toScaled, toUnscaled } from '../diffusion/parameterisation.ts';
import { combine, defineNode, latent, model, noise, sigmas } from '../kit/index.ts';

/** Noise onto a latent, for samplers that add none themselves. */
export default defineNode({
  type: 'AddNoise',
  title: 'Add noise',
  category: 'latent',
  help: 'Mixes noise into a latent, x₀ + σ·ε, with σ the span of the sigmas. Go on with a sampler loop that has “No noise”.',
  inputs: {
    model: model({ label: 'model', help: 'The model that will denoise it.' }),
    noise: noise({ label: 'noise', help: 'The noise to add.' }),
    sigmas: sigmas({ label: 'sigmas', help: 'The noise levels of the run: the first one minus the last one is added.' }),
    latent_image: latent({ label: 'latent', help: 'A clean latent.' }),
  },
  outputs: { LATENT: latent({ label: 'noisy latent', help: 'The latent with noise; it remembers how much.' }) },
  run({ model: network, noise: source, sigmas: levels, latent_image }) {
    const first = levels[0];
    if (first === undefined) return { LATENT: latent_image };
    requireClean(latent_image, '“Add noise”');
    const sigma = levels.length > 1 ? Math.abs(first - (levels.at(-1) ?? 0)) : first;
    const clean = fitToModel(latent_image, network);
    const noisy = combine(1, toScaled(clean.samples, network.latent), sigma, source.initial(clean));
    return {
      LATENT: { ...clean, samples: toUnscaled(noisy, network.latent), scale: network.latent.scale, noise: { sigma, form: 'exploding' } },
    };
  },
});
