import { fitToModel, requireClean } from '../diffusion/noisy-latents.ts';
import { explodingLevel, explodingScale, noisedTo, toScaled, toUnscaled } from '../diffusion/parameterisation.ts';
import { defineNode, GraphError, latent, model, noise, scale, sigmas } from '../kit/index.ts';

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
    const { sampling, latent: format } = network;
    const first = levels[0];
    if (first === undefined) return { LATENT: latent_image };
    requireClean(latent_image, '“Add noise”');
    const sigma = levels.length > 1 ? Math.abs(first - (levels.at(-1) ?? 0)) : first;
    if (!Number.isFinite(explodingLevel(sampling, sigma))) {
      throw new GraphError(
        'out-of-range',
        'At σ = 1 nothing of the picture is left with this model, so there is nothing to mix noise into. Start lower (“Split sigmas”), or wire the noise to the sampler loop.',
        { place: { port: 'sigmas' } },
      );
    }
    const clean = fitToModel(latent_image, network);
    const mixed = noisedTo(toScaled(clean.samples, format), source.initial(clean), { sigma, sampling });
    const samples = toUnscaled(scale(mixed, explodingScale(sampling, sigma)), format);
    return { LATENT: { ...clean, samples, scale: format.scale, noise: { sigma: explodingLevel(sampling, sigma), form: 'exploding' } } };
  },
});
