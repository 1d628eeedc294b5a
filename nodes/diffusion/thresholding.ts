import { type Guider, sliceBatch, type Tensor } from '../kit/index.ts';

/** From where on a clean guess is clipped: its `percentile` of |x̂₀|, but never below `limit`. */
export interface Threshold {
  readonly percentile: number;
  readonly limit: number;
}

/** Clips each item at its percentile s and shrinks it by limit/s, where s is above the limit (Saharia et al. 2022, section 2.3). */
export function thresholdedGuess(denoised: Tensor, { percentile, limit }: Threshold): Tensor {
  const data = Float32Array.from(denoised.data);
  const size = data.length / Math.max(denoised.dims[0] ?? 1, 1);
  for (let item = 0; item < (denoised.dims[0] ?? 0); item++) {
    const sorted = sliceBatch(denoised, item, 1).data.map(Math.abs).sort();
    const bound = Math.max(sorted[Math.min(Math.floor(percentile * size), size - 1)] ?? 0, limit);
    for (let i = item * size; i < (item + 1) * size; i++) data[i] = (Math.min(Math.max(data[i] ?? 0, -bound), bound) * limit) / bound;
  }
  return { dims: denoised.dims, data };
}

/** A denoiser whose guesses stay in bounds. */
export function thresholded({ model, denoise, denoiseBoth }: Guider, threshold: Threshold): Guider {
  return {
    model,
    denoise: async (x, sigma, around) => thresholdedGuess(await denoise(x, sigma, around), threshold),
    ...(denoiseBoth && {
      async denoiseBoth(x, sigma, around) {
        const { denoised, unwanted } = await denoiseBoth(x, sigma, around);
        return { denoised: thresholdedGuess(denoised, threshold), unwanted };
      },
    }),
  };
}
