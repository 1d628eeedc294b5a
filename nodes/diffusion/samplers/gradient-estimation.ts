import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

const gamma = 2;

/** Euler steps whose slope is γ·dᵢ − (γ−1)·dᵢ₋₁ (Permenter & Yuan 2023, algorithm 2), or along the unwanted guess (CFG++). */
export const gradientEstimation = (plusPlus: boolean): SampleLoop =>
  async function* (denoise, x, { sigmas, both }) {
    let current = x;
    let previous: Tensor | undefined;
    for (const { index, total, sigma, next } of turnsOf(sigmas)) {
      const { denoised, unwanted } = plusPlus
        ? await both(current, sigma)
        : { denoised: await denoise(current, sigma), unwanted: undefined };
      yield { index, total, sigma, x: current, denoised };
      const slope = impliedNoise(current, unwanted ?? denoised, sigma);
      const change = (gamma - 1) * (next - sigma);
      current =
        next === 0
          ? denoised
          : weightedSum([1, denoised], [next + (previous === undefined ? 0 : change), slope], [-change, previous ?? slope]);
      if (next > 0 && previous === undefined) current = weightedSum([1, denoised], [next, slope]);
      previous = slope;
    }
    return current;
  };
