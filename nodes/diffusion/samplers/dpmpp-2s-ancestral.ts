import { combine, type ModelSampling, type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { ancestralStep, renoising } from './ancestral.ts';
import { logSnr } from './log-snr.ts';
import { requireFalling, turnsOf } from './steps.ts';

/** The level halfway between two in λ; a straight path cannot be asked at σ = 1 and starts just below. */
function between(sampling: ModelSampling, from: number, to: number): number {
  const { lambda, sigma } = logSnr(sampling);
  return sampling.prediction === 'flow' && from === 1 ? 0.9999 : sigma((lambda(from) + lambda(to)) / 2);
}

/** DPM-Solver++(2S) down to σ_down, then fresh noise (Lu et al. 2022, algorithm 1; ancestral sampling, k-diffusion 2022). */
export const dpmpp2sAncestral: SampleLoop = async function* (denoise, x, { sigmas, noise, sampling }) {
  requireFalling(sigmas, 'dpmpp_2s_ancestral');
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    if (next === 0) {
      current = denoised;
      continue;
    }
    const { down, kept, up } = renoising(sampling, sigma, next);
    const middle = between(sampling, sigma, down);
    const second = await denoise(combine(middle / sigma, current, 1 - middle / sigma, denoised), middle);
    current = weightedSum([(kept * down) / sigma, current], [kept * (1 - down / sigma), second], [up, noise(x.dims)]);
  }
  return current;
};

/** The same, stepping away from the unwanted guess of each evaluation (CFG++, Chung et al. 2024). */
export const dpmpp2sAncestralCfgPlusPlus: SampleLoop = async function* (_, x, { sigmas, noise, both }) {
  requireFalling(sigmas, 'dpmpp_2s_ancestral_cfg_pp');
  let current = x;
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const { denoised, unwanted } = await both(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    if (next === 0) {
      current = denoised;
      continue;
    }
    const { down, up } = ancestralStep(sigma, next);
    const pushed = (from: Tensor): Tensor => weightedSum([1, current], [1, denoised], [-1, from]);
    const middle = Math.sqrt(sigma * down);
    const second = await both(combine(middle / sigma, pushed(unwanted), 1 - middle / sigma, denoised), middle);
    current = weightedSum([down / sigma, pushed(second.unwanted)], [1 - down / sigma, second.denoised], [up, noise(x.dims)]);
  }
  return current;
};
