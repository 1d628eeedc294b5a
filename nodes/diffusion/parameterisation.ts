import { combine, type LatentFormat, type ModelSampling, scale, type Tensor } from '../kit/index.ts';

/** What the network is fed at noise level σ: x / √(σ² + 1). */
export const networkInput = (x: Tensor, sigma: number): Tensor => scale(x, 1 / Math.sqrt(sigma * sigma + 1));

/**
 * The clean guess x̂₀ from raw network output at x = x₀ + σε: ε predicts x − σε̂, v (Salimans & Ho 2022, σ_data 1) predicts
 * x/(σ²+1) − σ/√(σ²+1)·v̂, `sample` is x̂₀ itself.
 */
export function denoisedFrom(output: Tensor, { x, sigma, sampling }: { x: Tensor; sigma: number; sampling: ModelSampling }): Tensor {
  switch (sampling.prediction) {
    case 'epsilon':
      return combine(1, x, -sigma, output);
    case 'v_prediction':
      return combine(1 / (sigma * sigma + 1), x, -sigma / Math.sqrt(sigma * sigma + 1), output);
    case 'sample':
      return output;
  }
}

/** The noise that a clean guess implies: ε̂ = (x − x̂₀)/σ. */
export const impliedNoise = (x: Tensor, denoised: Tensor, sigma: number): Tensor => combine(1 / sigma, x, -1 / sigma, denoised);

/** Mixes starting noise into scaled latents: x₀ + σε, or √(1+σ²)·ε + x₀ where σ is the model's largest, as in training. */
export function startingPoint(latent: Tensor, noise: Tensor, { sigma, sampling }: { sigma: number; sampling: ModelSampling }): Tensor {
  const full = sigma > sampling.sigmaMax || Math.abs(sigma - sampling.sigmaMax) <= 1e-5 * sampling.sigmaMax;
  return combine(full ? Math.sqrt(1 + sigma * sigma) : sigma, noise, 1, latent);
}

/** Unscaled VAE space → the network's space. */
export const toScaled = (samples: Tensor, format: LatentFormat): Tensor => (format.scale === 1 ? samples : scale(samples, format.scale));

/** The network's space → unscaled VAE space. */
export const toUnscaled = (scaled: Tensor, format: LatentFormat): Tensor => (format.scale === 1 ? scaled : scale(scaled, 1 / format.scale));
