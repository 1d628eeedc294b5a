import { combine, type SampleLoop } from '../../kit/index.ts';
import { ancestralStep } from './ancestral.ts';

/** Euler steps to σ_down, then fresh noise of σ_up (ancestral sampling, k-diffusion 2022). */
export const eulerAncestral: SampleLoop = async function* (denoise, x, { sigmas, noise }) {
  const total = sigmas.length - 1;
  let current = x;
  for (let index = 0; index < total; index++) {
    const sigma = sigmas[index] ?? 0;
    const { down, up } = ancestralStep(sigma, sigmas[index + 1] ?? 0);
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = combine(down / sigma, current, 1 - down / sigma, denoised);
    if (up > 0) current = combine(1, current, up, noise(x.dims));
  }
  return current;
};
