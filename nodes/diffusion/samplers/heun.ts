import { combine, type SampleLoop } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/** Heun's second-order method: two evaluations a step, the last step Euler (Karras et al. 2022, algorithm 1 without churn). */
export const heun: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    const slope = impliedNoise(current, denoised, sigma);
    const ahead = combine(1, current, next - sigma, slope);
    if (next === 0) {
      current = ahead;
      continue;
    }
    const corrected = impliedNoise(ahead, await denoise(ahead, next), next);
    current = combine(1, current, (next - sigma) / 2, combine(1, slope, 1, corrected));
  }
  return current;
};
