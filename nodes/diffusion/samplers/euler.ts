import { combine, type SampleLoop } from '../../kit/index.ts';

/** Euler's method on the probability-flow ODE (Karras et al. 2022, algorithm 2 without churn). */
export const euler: SampleLoop = async function* (denoise, x, { sigmas }) {
  const total = sigmas.length - 1;
  let current = x;
  for (let index = 0; index < total; index++) {
    const sigma = sigmas[index] ?? 0;
    const ratio = (sigmas[index + 1] ?? 0) / sigma;
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = combine(ratio, current, 1 - ratio, denoised);
  }
  return current;
};
