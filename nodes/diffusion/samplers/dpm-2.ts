import { combine, type SampleLoop, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { renoising } from './ancestral.ts';
import { requireFalling, turnsOf } from './steps.ts';

const single = Math.fround;

/** Half-way between two levels in log σ, in single precision as the reference has it. */
function middleOf(from: number, to: number): number {
  const [a, b] = [single(Math.log(from)), single(Math.log(to))];
  return single(Math.exp(single(b - single(single(b - a) * 0.5))));
}

/** The midpoint method in log σ, after DPM-Solver-2 (Lu et al. 2022) and Karras et al. 2022, algorithm 2. Two evaluations a step. */
const midpoint = (ancestral: boolean): SampleLoop =>
  async function* (denoise, x, { sigmas, noise, sampling }) {
    if (ancestral) requireFalling(sigmas, 'dpm_2_ancestral');
    let current = x;
    for (const { index, total, sigma, next } of turnsOf(sigmas)) {
      const denoised = await denoise(current, sigma);
      yield { index, total, sigma, x: current, denoised };
      if (next === 0) {
        current = denoised;
        continue;
      }
      const { down, kept, up } = ancestral ? renoising(sampling, sigma, next) : { down: next, kept: 1, up: 0 };
      const middle = middleOf(sigma, down);
      const half = combine(middle / sigma, current, 1 - middle / sigma, denoised);
      const slope = impliedNoise(half, await denoise(half, middle), middle);
      const solved = combine(kept, current, kept * (down - sigma), slope);
      current = ancestral ? weightedSum([1, solved], [up, noise(x.dims)]) : solved;
    }
    return current;
  };

export const dpm2 = midpoint(false);
/** The same down to σ_down, then fresh noise (ancestral sampling, k-diffusion 2022). */
export const dpm2Ancestral = midpoint(true);
