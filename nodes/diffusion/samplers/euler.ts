import { combine, type SampleLoop } from '../../kit/index.ts';
import { turnsOf } from './steps.ts';

/** Euler's method on the probability-flow ODE (Karras et al. 2022, algorithm 2 without churn). */
export const euler: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const ratio = next / sigma;
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = combine(ratio, current, 1 - ratio, denoised);
  }
  return current;
};
