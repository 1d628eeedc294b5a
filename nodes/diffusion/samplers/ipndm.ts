import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/** Adams–Bashforth weights of the newest slope and those before it, by order. */
const even = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];

/**
 * Weights for uneven steps; h is this step, then the ones before. The second differences are weighed as the published solver does it, which is not
 * quite their integral.
 */
function uneven([h = 1, h1, h2, h3]: readonly number[]): number[] {
  if (h1 === undefined) return [1];
  const first = h / h1;
  const two = [1 + first / 2, -first / 2];
  if (h2 === undefined) return two;
  const second = (1 - (h * h) / (3 * h1 * (h1 + h2))) / 2;
  const [r, s] = [h1 / h2, h3 === undefined ? 0 : (h1 * (h1 + h2)) / (h2 * (h2 + h3))];
  const three = [(two[0] ?? 0) + second, (two[1] ?? 0) - (1 + r) * second, r * second];
  if (h3 === undefined) return three;
  const third =
    (((1 - h / (3 * (h + h1))) / 2 + ((1 - h / (2 * (h + h1))) * h) / (6 * (h + h1 + h2))) * h * (h + h1) * (h + h1 + h2)) /
    (h1 * (h1 + h2) * (h1 + h2 + h3));
  return [
    (three[0] ?? 0) + third,
    (three[1] ?? 0) - (1 + r + s) * third,
    (three[2] ?? 0) + (r + s * (1 + h2 / h3)) * third,
    -s * r * third,
  ];
}

const multistep = (weightsFor: (steps: readonly number[]) => readonly number[]): SampleLoop =>
  async function* (denoise, x, { sigmas }) {
    let current = x;
    let slopes: Tensor[] = [];
    for (const { index, total, sigma, next } of turnsOf(sigmas)) {
      const denoised = await denoise(current, sigma);
      yield { index, total, sigma, x: current, denoised };
      slopes = [impliedNoise(current, denoised, sigma), ...slopes].slice(0, 4);
      const weights = weightsFor(slopes.map((_, k) => (sigmas[index + 1 - k] ?? 0) - (sigmas[index - k] ?? 0)));
      current =
        next === 0
          ? denoised
          : weightedSum([1, current], ...slopes.map((slope, k) => [(next - sigma) * (weights[k] ?? 0), slope] as const));
    }
    return current;
  };

/** Improved PNDM: Adams–Bashforth of order four as if steps were even (Zhang & Chen 2022; Liu et al. 2022). */
export const ipndm = multistep((steps) => even[steps.length - 1] ?? [1]);
/** The same with weights for uneven steps. */
export const ipndmV = multistep(uneven);
