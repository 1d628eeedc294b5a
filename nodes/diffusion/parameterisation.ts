import { combine, type LatentFormat, type ModelSampling, scale, type Tensor } from '../kit/index.ts';

/** The factor from x = x₀ + σε to what the network is fed: 1/√(σ² + σ_data²), or 1 on a straight path (flow). */
export const inputScale = ({ prediction, sigmaData }: ModelSampling, sigma: number): number =>
  prediction === 'flow' ? 1 : 1 / Math.sqrt(sigma * sigma + sigmaData * sigmaData);

/** What the network is fed at noise level σ. */
export const networkInput = (x: Tensor, sigma: number, sampling: ModelSampling): Tensor => {
  const factor = inputScale(sampling, sigma);
  return factor === 1 ? x : scale(x, factor);
};

/** x̂₀ = kept·x + added·output: how raw network output becomes the clean guess at a noise level. */
export function denoisedWeights(sampling: ModelSampling, sigma: number): { readonly kept: number; readonly added: number } {
  const { prediction, sigmaData } = sampling;
  const variance = sigma * sigma + sigmaData * sigmaData;
  const skip = (sigmaData * sigmaData) / variance;
  const out = (sigma * sigmaData) / Math.sqrt(variance);
  switch (prediction) {
    case 'epsilon':
    case 'flow':
      return { kept: 1, added: -sigma };
    case 'v_prediction':
      return { kept: skip, added: -out };
    case 'edm':
      return { kept: skip, added: out };
    case 'sample':
      return { kept: 0, added: 1 };
    case 'lcm': {
      const scaledTime = 10 * sampling.timestep(sigma);
      const [cSkip, cOut] = [0.25 / (scaledTime ** 2 + 0.25), scaledTime / Math.sqrt(scaledTime ** 2 + 0.25)];
      return { kept: cSkip + cOut, added: -cOut * sigma };
    }
  }
}

/**
 * The clean guess x̂₀ from raw network output at x: ε predicts x − σε̂, v (Salimans & Ho 2022) x·σ_d²/(σ²+σ_d²) − σσ_d/√(σ²+σ_d²)·v̂, EDM (Karras
 * et al. 2022, eq. 7) the same with +, a flow x − σv̂, a consistency model (Luo et al. 2023, eq. 9) a mixture of x and x − σε̂.
 */
export function denoisedFrom(output: Tensor, { x, sigma, sampling }: { x: Tensor; sigma: number; sampling: ModelSampling }): Tensor {
  const { kept, added } = denoisedWeights(sampling, sigma);
  return kept === 0 && added === 1 ? output : combine(kept, x, added, output);
}

/** The noise that a clean guess implies: ε̂ = (x − x̂₀)/σ. On a straight path it is the direction ε̂ − x̂₀. */
export const impliedNoise = (x: Tensor, denoised: Tensor, sigma: number): Tensor => combine(1 / sigma, x, -1 / sigma, denoised);

/** Noise onto scaled latents at a level on the way: x₀ + σε, or (1 − σ)·x₀ + σε on a straight path. */
export const noisedTo = (latent: Tensor, noise: Tensor, { sigma, sampling }: { sigma: number; sampling: ModelSampling }): Tensor =>
  combine(sigma, noise, sampling.prediction === 'flow' ? 1 - sigma : 1, latent);

/** Mixes starting noise into scaled latents: as {@link noisedTo}, but √(1+σ²)·ε + x₀ where σ is the model's largest, as in training. */
export function startingPoint(latent: Tensor, noise: Tensor, at: { sigma: number; sampling: ModelSampling }): Tensor {
  const { sigma, sampling } = at;
  const full = sigma > sampling.sigmaMax || Math.abs(sigma - sampling.sigmaMax) <= 1e-5 * Math.max(sigma, sampling.sigmaMax);
  if (!full || sampling.prediction === 'flow') return noisedTo(latent, noise, at);
  return combine(Math.sqrt(1 + sigma * sigma), noise, 1, latent);
}

/** The level of noise in x₀ + σε that a straight path has at σ: σ/(1 − σ). Other models measure it so already. */
export const explodingLevel = (sampling: ModelSampling, sigma: number): number =>
  sampling.prediction === 'flow' ? sigma / (1 - sigma) : sigma;

/** Between x at σ on a straight path and x₀ + σ′ε: the factor 1/(1 − σ), which is 1 for other models. */
export const explodingScale = (sampling: ModelSampling, sigma: number): number => (sampling.prediction === 'flow' ? 1 / (1 - sigma) : 1);

/** factor·x + offset, with those of each channel of `[b, c, h, w]`. */
function channelwise({ dims, data }: Tensor, of: (channel: number) => { factor: number; offset: number }): Tensor {
  const [, channels = 1, height = 1, width = 1] = dims;
  const area = height * width;
  const made = new Float32Array(data.length);
  for (let start = 0; start < data.length; start += area) {
    const { factor, offset } = of((start / area) % channels);
    for (let i = start; i < start + area; i++) made[i] = factor * (data[i] ?? 0) + offset;
  }
  return { dims, data: made };
}

/** Unscaled VAE space → the network's space. An empty latent stays empty, whatever the shift. */
export function toScaled(samples: Tensor, { scale: factor, shift = 0, statistics }: LatentFormat): Tensor {
  if (statistics !== undefined) {
    const { mean, deviation } = statistics;
    if (samples.data.every((value) => value === 0)) return samples;
    return channelwise(samples, (c) => {
      const own = factor / (deviation[c] ?? 1);
      return { factor: own, offset: -(mean[c] ?? 0) * own };
    });
  }
  if (factor === 1 && shift === 0) return samples;
  if (shift !== 0 && samples.data.every((value) => value === 0)) return samples;
  return scale(samples, factor, -shift * factor);
}

/** The network's space → unscaled VAE space. */
export function toUnscaled(scaled: Tensor, { scale: factor, shift = 0, statistics }: LatentFormat): Tensor {
  if (statistics === undefined) return factor === 1 && shift === 0 ? scaled : scale(scaled, 1 / factor, shift);
  return channelwise(scaled, (c) => ({ factor: (statistics.deviation[c] ?? 1) / factor, offset: statistics.mean[c] ?? 0 }));
}
