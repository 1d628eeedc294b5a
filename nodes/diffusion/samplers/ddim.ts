import { combine, type SampleLoop } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';

/** Deterministic DDIM, η = 0 (Song et al. 2021, eq. 12): x̂₀ + σ_next·ε̂, in the exploding form the same line as Euler's. */
export const ddim: SampleLoop = async function* (denoise, x, { sigmas }) {
  const total = sigmas.length - 1;
  let current = x;
  for (let index = 0; index < total; index++) {
    const sigma = sigmas[index] ?? 0;
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = combine(1, denoised, sigmas[index + 1] ?? 0, impliedNoise(current, denoised, sigma));
  }
  return current;
};
