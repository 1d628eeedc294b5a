import { combine, type SampleLoop, type Tensor } from '../../kit/index.ts';
import { turnsOf } from './steps.ts';

/** DPM-Solver++(2M), multistep in λ = −ln σ; first and last step of first order (Lu et al. 2022, algorithm 2). */
export const dpmpp2m: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  let previous: { denoised: Tensor; h: number } | undefined;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    const h = next === 0 ? Number.POSITIVE_INFINITY : Math.log(sigma) - Math.log(next);
    let direction = denoised;
    if (previous !== undefined && next > 0) {
      const half = h / (2 * previous.h);
      direction = combine(1 + half, denoised, -half, previous.denoised);
    }
    current = combine(next / sigma, current, -Math.expm1(-h), direction);
    previous = { denoised, h };
  }
  return current;
};
