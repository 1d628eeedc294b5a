import { combine, type SampleLoop, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/**
 * Heun++: the slopes at this level, the next and the one after, weighted by their σ; two of them before the last step, one at the end (after
 * Karras et al. 2022, algorithm 1; the weights are Carzit's, 2023).
 */
export const heunpp2: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  const [first = 1, last] = [sigmas[0], sigmas.at(-1)];
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    const slope = impliedNoise(current, denoised, sigma);
    const ahead = combine(1, current, next - sigma, slope);
    const after = sigmas[index + 2];
    if (next === last || after === undefined) {
      current = ahead;
      continue;
    }
    const second = impliedNoise(ahead, await denoise(ahead, next), next);
    const width = (after === last ? 2 : 3) * first;
    const step = next - sigma;
    if (after === last) {
      current = weightedSum([1, current], [step * (1 - next / width), slope], [step * (next / width), second]);
      continue;
    }
    const further = combine(1, ahead, after - next, second);
    const third = impliedNoise(further, await denoise(further, after), after);
    const [w2, w3] = [next / width, after / width];
    current = weightedSum([1, current], [step * (1 - w2 - w3), slope], [step * w2, second], [step * w3, third]);
  }
  return current;
};
