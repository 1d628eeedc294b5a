import { combine, type SampleLoop } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/** Deterministic DDIM, η = 0 (Song et al. 2021, eq. 12): x̂₀ + σ_next·ε̂, in the exploding form the same line as Euler's. */
export const ddim: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = combine(1, denoised, next, impliedNoise(current, denoised, sigma));
  }
  return current;
};
