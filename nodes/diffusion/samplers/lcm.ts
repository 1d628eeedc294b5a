import type { SampleLoop } from '../../kit/index.ts';
import { noisedTo } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

/** Multistep consistency sampling: jump to x̂₀, then noise it again (Luo et al. 2023, algorithm 3). */
export const lcm: SampleLoop = async function* (denoise, x, { sigmas, noise, sampling }) {
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = next > 0 ? noisedTo(denoised, noise(x.dims), { sigma: next, sampling }) : denoised;
  }
  return current;
};
