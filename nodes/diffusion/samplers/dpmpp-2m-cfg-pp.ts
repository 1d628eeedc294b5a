import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { turnsOf } from './steps.ts';

/** DPM-Solver++(2M) along the noise of the unwanted guess (Lu et al. 2022; CFG++, Chung et al. 2024). */
export const dpmpp2mCfgPlusPlus: SampleLoop = async function* (_, x, { sigmas, both }) {
  let current = x;
  let previous: Tensor | undefined;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const { denoised, unwanted } = await both(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    const ratio = next / sigma;
    if (next === 0) current = denoised;
    else if (previous === undefined) current = weightedSum([1, denoised], [ratio, current], [-ratio, unwanted]);
    else {
      const r = Math.log((sigmas[index - 1] ?? 1) / sigma) / Math.log(sigma / next);
      const change = (1 - ratio) / (2 * r);
      current = weightedSum([1 + change, denoised], [ratio, current], [-ratio, unwanted], [-change, previous]);
    }
    previous = unwanted;
  }
  return current;
};
