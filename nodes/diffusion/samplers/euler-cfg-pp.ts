import { type SampleLoop, weightedSum } from '../../kit/index.ts';
import { ancestralStep } from './ancestral.ts';
import { logSnr } from './log-snr.ts';
import { requireFalling, turnsOf } from './steps.ts';

/** Euler steps from the guided guess along the noise of the unwanted one (CFG++, Chung et al. 2024); `eta` 1 adds fresh noise, 0 none. */
export const eulerCfgPlusPlus = (eta: number): SampleLoop =>
  async function* (_, x, { sigmas, noise, sampling, both }) {
    if (eta > 0) requireFalling(sigmas, 'euler_ancestral_cfg_pp');
    const { alpha } = logSnr(sampling);
    let current = x;
    for (const { index, total, sigma, next } of turnsOf(sigmas)) {
      const { denoised, unwanted } = await both(current, sigma);
      yield { index, total, sigma, x: current, denoised };
      if (next === 0) {
        current = denoised;
        continue;
      }
      const alphaNext = alpha(next);
      const { down, up } = eta > 0 ? ancestralStep(sigma / alpha(sigma), next / alphaNext, eta) : { down: next / alphaNext, up: 0 };
      const slope = (alphaNext * down) / sigma;
      current = weightedSum([alphaNext, denoised], [slope, current], [-slope * alpha(sigma), unwanted]);
      if (eta > 0) current = weightedSum([1, current], [alphaNext * up, noise(x.dims)]);
    }
    return current;
  };
