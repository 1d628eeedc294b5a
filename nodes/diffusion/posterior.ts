import { combine, type NoiseSchedule, type Tensor } from '../kit/index.ts';
import { trainingStep } from './forward-process.ts';

/** From training step `t` back to `s` < t; s = −1 is the clean picture. */
export interface BackwardSpan {
  readonly t: number;
  readonly s: number;
}

/** The posterior q(x_s | x_t, x_0) = N(c₀·x_0 + c_t·x_t, variance·I). */
export interface PosteriorWeights {
  readonly x0: number;
  readonly xt: number;
  readonly variance: number;
}

const alphaBarAt = (schedule: NoiseSchedule, t: number): number => (t < 0 ? 1 : trainingStep(schedule, t).alphaBar);

/**
 * The forward process backwards, when the clean picture is known: for s = t − 1 μ̃_t and β̃_t of Ho et al. 2020, eq. 6 and 7; for longer
 * spans the same with α_t|s = ᾱ_t/ᾱ_s in the place of α_t.
 */
export function posteriorWeights(schedule: NoiseSchedule, { t, s }: BackwardSpan): PosteriorWeights {
  const [now, before] = [alphaBarAt(schedule, t), alphaBarAt(schedule, s)];
  const alpha = now / before;
  return {
    x0: (Math.sqrt(before) * (1 - alpha)) / (1 - now),
    xt: (Math.sqrt(alpha) * (1 - before)) / (1 - now),
    variance: ((1 - alpha) * (1 - before)) / (1 - now),
  };
}

/** The mean of {@link posteriorWeights} for x_t and x_0 of the same shape; x_t in the preserving form. */
export const posteriorMean = ({ x0, xt }: PosteriorWeights, clean: Tensor, noisy: Tensor): Tensor => combine(x0, clean, xt, noisy);

/**
 * How a squared error of the predicted noise counts in the variational bound: L_t = w_t·‖ε − ε̂‖² with
 * w_t = β_t² / (2·β̃_t·α_t·(1−ᾱ_t)) (Ho et al. 2020, eq. 12, σ_t² = β̃_t). Infinite at t = 0, where the bound has another term.
 */
export function boundWeight(schedule: NoiseSchedule, t: number): number {
  const { beta, alphaBar } = trainingStep(schedule, t);
  const { variance } = posteriorWeights(schedule, { t, s: t - 1 });
  return beta ** 2 / (2 * variance * (1 - beta) * (1 - alphaBar));
}

/** KL(N(a, variance·I) ‖ N(b, variance·I)) = ‖a − b‖² / (2·variance), in nats over all elements. */
export function gaussianDivergence(a: Tensor, b: Tensor, variance: number): number {
  const { data } = combine(1, a, -1, b);
  return data.reduce((sum, difference) => sum + difference * difference, 0) / (2 * variance);
}
