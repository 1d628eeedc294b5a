import { combine, type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { logSnr, withFiniteSnr } from './log-snr.ts';
import { requireFalling, turnsOf } from './steps.ts';

/** h·φ₁(h) and h·φ₂(h) of exponential integrators. */
const phi1 = (h: number): number => Math.expm1(h);
const phi2 = (h: number): number => (Math.expm1(h) - h) / h;

/** One share of a step: where it ends, and how much of the guesses go into it. */
interface Stage {
  readonly share: number;
  /** Weights of the first guess and of the newest one for a step of −(1 + η)·h. */
  readonly weights: (h: number) => readonly [first: number, newest: number];
}

/** SEEDS: exponential integrators of the reverse SDE, η = 1; the noise of a stage goes on from that of the stage before (Gonzalez et al. 2023). */
const seeds = (name: string, stages: readonly Stage[]): SampleLoop =>
  async function* (denoise, x, { sigmas, noise, sampling }) {
    requireFalling(sigmas, name);
    const { lambda, sigma: levelAt, alpha } = logSnr(sampling);
    let current = x;
    for (const { index, total, sigma, next } of turnsOf(withFiniteSnr(sigmas, sampling))) {
      const denoised = await denoise(current, sigma);
      yield { index, total, sigma, x: current, denoised };
      if (next === 0) {
        current = denoised;
        continue;
      }
      const h = lambda(next) - lambda(sigma);
      let [newest, level, share, drawn]: [Tensor, number, number, Tensor | undefined] = [denoised, sigma, 0, undefined];
      let state = current;
      for (const stage of stages) {
        if (share > 0) newest = await denoise(state, level);
        level = stage.share === 1 ? next : levelAt(lambda(sigma) + stage.share * h);
        const part = (stage.share - share) * h;
        const fresh = noise(x.dims);
        const spread = Math.sqrt(-Math.expm1(-2 * part));
        drawn = drawn === undefined ? combine(spread, fresh, 0, fresh) : combine(Math.exp(-part), drawn, spread, fresh);
        const [first, last] = stage.weights(-2 * stage.share * h);
        const kept = (level / sigma) * Math.exp(-stage.share * h);
        state = weightedSum([kept, current], [-alpha(level) * first, denoised], [-alpha(level) * last, newest], [level, drawn]);
        share = stage.share;
      }
      current = state;
    }
    return current;
  };

/** Two evaluations a step. */
export const seeds2 = seeds('seeds_2', [
  { share: 1 / 2, weights: (h) => [phi1(h), 0] },
  { share: 1, weights: (h) => [0, phi1(h)] },
]);
/** Three evaluations a step. */
export const seeds3 = seeds('seeds_3', [
  { share: 1 / 3, weights: (h) => [phi1(h), 0] },
  { share: 2 / 3, weights: (h) => [phi1(h) - 2 * phi2(h), 2 * phi2(h)] },
  { share: 1, weights: (h) => [phi1(h) - 1.5 * phi2(h), 1.5 * phi2(h)] },
]);
