import type { SampleLoop } from '../../kit/index.ts';
import { noisedTo } from '../parameterisation.ts';

/** Multistep consistency sampling: jump to x̂₀, then noise it again (Luo et al. 2023, algorithm 3). */
export const lcm: SampleLoop = async function* (denoise, x, { sigmas, noise, sampling }) {
  const total = sigmas.length - 1;
  let current = x;
  for (let index = 0; index < total; index++) {
    const sigma = sigmas[index] ?? 0;
    const next = sigmas[index + 1] ?? 0;
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    current = next > 0 ? noisedTo(denoised, noise(x.dims), { sigma: next, sampling }) : denoised;
  }
  return current;
};
