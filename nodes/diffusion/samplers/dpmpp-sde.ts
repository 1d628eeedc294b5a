import { type SampleLoop, weightedSum } from '../../kit/index.ts';
import { ancestralStep } from './ancestral.ts';
import { logSnr, withFiniteSnr } from './log-snr.ts';
import { pathNoise } from './path-noise.ts';
import { turnsOf } from './steps.ts';

/** DPM-Solver++ of second order with noise at both evaluations, halfway in λ (Lu et al. 2022; the stochastic form is k-diffusion's, 2022). */
export const dpmppSde: SampleLoop = async function* (denoise, x, options) {
  const { lambda, sigma: levelAt, alpha } = logSnr(options.sampling);
  const noise = pathNoise(options, x, 'dpmpp_sde');
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(withFiniteSnr(options.sigmas, options.sampling))) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    if (next === 0) {
      current = denoised;
      continue;
    }
    const from = Math.exp(-lambda(sigma));
    const step = (to: number, guess: typeof x): typeof x => {
      const { down, up } = ancestralStep(from, Math.exp(-lambda(to)));
      const ratio = down / from;
      return weightedSum(
        [(alpha(to) / alpha(sigma)) * ratio, current],
        [alpha(to) * (1 - ratio), guess],
        [alpha(to) * up, noise(sigma, to)],
      );
    };
    const middle = levelAt((lambda(sigma) + lambda(next)) / 2);
    current = step(next, await denoise(step(middle, denoised), middle));
  }
  return current;
};
