import type { Guider, Latent, Tensor } from '../kit/index.ts';
import { fitToModel, inForm, requireFinite, shownSigma } from './noisy-latents.ts';
import { impliedNoise, toScaled } from './parameterisation.ts';

/** What the network makes of a noisy latent, all in scaled space and `[1, c, h, w]`. */
export interface Predicted {
  /** The noisy latent itself, x₀ + σε. */
  readonly x: Tensor;
  /** The clean guess x̂₀. */
  readonly denoised: Tensor;
  /** The guessed noise ε̂ = (x − x̂₀)/σ. */
  readonly noise: Tensor;
}

/** Asks the network once for one noisy latent. Throws `not-a-number` if it gives none. */
export async function predictAt({ model, denoise }: Guider, latent: Latent, sigma: number): Promise<Predicted> {
  const x = toScaled(inForm(fitToModel(latent, model), 'exploding').samples, model.latent);
  const denoised = requireFinite(await denoise(x, sigma), `The network's prediction at σ = ${shownSigma(sigma)}`);
  return { x, denoised, noise: impliedNoise(x, denoised, sigma) };
}
