import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/** Adams–Bashforth weights of the newest slope and those before it, by order. */
const weights = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];

const mean = (a: Tensor, b: Tensor): Tensor => weightedSum([1 / 2, a], [1 / 2, b]);

/**
 * Pseudo linear multistep (PNDM with F-PNDM's start; Liu et al. 2022): slopes are weighed as if steps were even, the first step asks twice, and the
 * last one keeps to its slope instead of the clean guess, as diffusers' PNDMScheduler does it.
 */
export const plms: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  let slopes: Tensor[] = [];
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    slopes = [impliedNoise(current, denoised, sigma), ...slopes].slice(0, weights.length);
    const [newest = current] = slopes;
    if (index === 0 && next > 0) {
      const ahead = weightedSum([1, current], [next - sigma, newest]);
      const slope = mean(newest, impliedNoise(ahead, await denoise(ahead, next), next));
      current = weightedSum([1, current], [next - sigma, slope]);
      continue;
    }
    const own = weights[slopes.length - 1] ?? [1];
    current = weightedSum([1, current], ...slopes.map((slope, k) => [(next - sigma) * (own[k] ?? 0), slope] as const));
  }
  return current;
};
