import { type SampleLoop, weightedSum } from '../../kit/index.ts';
import { renoising } from './ancestral.ts';
import { requireFalling, turnsOf } from './steps.ts';

/** Euler steps to σ_down, then fresh noise up to the next level (ancestral sampling, k-diffusion 2022). */
export const eulerAncestral: SampleLoop = async function* (denoise, x, { sigmas, noise, sampling }) {
  requireFalling(sigmas, 'euler_ancestral');
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    if (next === 0) {
      current = denoised;
      continue;
    }
    const { down, kept, up } = renoising(sampling, sigma, next);
    const ratio = down / sigma;
    current = weightedSum([kept * ratio, current], [kept * (1 - ratio), denoised], [up, noise(x.dims)]);
  }
  return current;
};
