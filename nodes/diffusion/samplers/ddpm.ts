import { combine, type SampleLoop, scale } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/**
 * Ancestral sampling by the true posterior q(x_{t−1} | x_t, x̂₀) (Ho et al. 2020, algorithm 2), in the preserving form
 * x/√(1+σ²) with ᾱ = 1/(1+σ²); no noise on the last step.
 */
export const ddpm: SampleLoop = async function* (denoise, x, { sigmas, noise }) {
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    const alphaBar = 1 / (1 + sigma * sigma);
    const nextAlphaBar = 1 / (1 + next * next);
    const alpha = alphaBar / nextAlphaBar;
    const preserving = scale(current, Math.sqrt(alphaBar));
    const epsilon = impliedNoise(current, denoised, sigma);
    const mean = combine(Math.sqrt(1 / alpha), preserving, -Math.sqrt(1 / alpha) * ((1 - alpha) / Math.sqrt(1 - alphaBar)), epsilon);
    if (next === 0) {
      current = mean;
      continue;
    }
    const spread = Math.sqrt(((1 - alpha) * (1 - nextAlphaBar)) / (1 - alphaBar));
    current = scale(combine(1, mean, spread, noise(x.dims)), Math.sqrt(1 + next * next));
  }
  return current;
};
