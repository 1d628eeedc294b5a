import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { ancestralStep } from './ancestral.ts';
import { requireFalling, turnsOf } from './steps.ts';

/** Weights of this guess and the one before over a step h in −ln σ; c is where the one before lies, in steps (Zhang et al. 2023, RES). */
function weights(h: number, c: number): { now: number; before: number } {
  const phi1 = Math.expm1(-h) / -h;
  const phi2 = (phi1 - 1) / -h;
  const before = Number.isFinite(phi2 / c) ? phi2 / c : 0;
  return { now: h * (phi1 - before), before: h * before };
}

/** Refined exponential solver of second order, multistep (Zhang et al. 2023), with fresh noise for `eta` 1, or along the unwanted guess (CFG++). */
export const resMultistep = ({ eta, plusPlus }: { eta: 0 | 1; plusPlus: boolean }): SampleLoop =>
  async function* (denoise, x, { sigmas, noise, both }) {
    if (eta > 0) requireFalling(sigmas, 'res_multistep_ancestral');
    let current = x;
    let previous: { guess: Tensor; down: number; sigma: number } | undefined;
    for (const { index, total, sigma, next } of turnsOf(sigmas)) {
      const { denoised, unwanted } = plusPlus
        ? await both(current, sigma)
        : { denoised: await denoise(current, sigma), unwanted: undefined };
      yield { index, total, sigma, x: current, denoised };
      const guess = unwanted ?? denoised;
      const { down, up } = eta > 0 ? ancestralStep(sigma, next) : { down: next, up: 0 };
      const ratio = down / sigma;
      if (down === 0) current = denoised;
      else if (previous === undefined) current = weightedSum([ratio, current], [1, denoised], [-ratio, guess]);
      else {
        const h = -Math.log(ratio);
        const { now, before } = weights(h, Math.log(previous.down / previous.sigma) / h);
        current = weightedSum([ratio, current], [now - ratio, guess], [ratio, denoised], [before, previous.guess]);
      }
      if (up > 0) current = weightedSum([1, current], [up, noise(x.dims)]);
      previous = { guess, down, sigma };
    }
    return current;
  };
