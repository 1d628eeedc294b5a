import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { logSnr, withFiniteSnr } from './log-snr.ts';
import { pathNoise } from './path-noise.ts';
import { turnsOf } from './steps.ts';

/** SDE-DPM-Solver++(2M), its second-order term by the midpoint or by Heun's rule (Lu et al. 2022, algorithm 2 and appendix). */
const multistep = (solver: 'midpoint' | 'heun'): SampleLoop =>
  async function* (denoise, x, options) {
    const { lambda, alpha } = logSnr(options.sampling);
    const noise = pathNoise(options, x, 'dpmpp_2m_sde');
    let current = x;
    let previous: { denoised: Tensor; h: number } | undefined;
    for (const { index, total, sigma, next } of turnsOf(withFiniteSnr(options.sigmas, options.sampling))) {
      const denoised = await denoise(current, sigma);
      yield { index, total, sigma, x: current, denoised };
      if (next === 0) {
        current = denoised;
        continue;
      }
      const h = lambda(next) - lambda(sigma);
      const gone = -Math.expm1(-2 * h);
      const bend = solver === 'heun' ? 1 - gone / (2 * h) : gone / 2;
      const change = previous === undefined ? 0 : (alpha(next) * bend * h) / previous.h;
      current = weightedSum(
        [(next / sigma) * Math.exp(-h), current],
        [alpha(next) * gone + change, denoised],
        [-change, previous?.denoised ?? denoised],
        [next * Math.sqrt(gone), noise(sigma, next)],
      );
      previous = { denoised, h };
    }
    return current;
  };

export const dpmpp2mSde = multistep('midpoint');
export const dpmpp2mSdeHeun = multistep('heun');
