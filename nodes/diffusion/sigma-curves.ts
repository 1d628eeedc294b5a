import type { Sigmas } from '../kit/index.ts';

/** `count` values evenly spaced, both ends among them; of one, the first. */
export const spread = (count: number, start: number, end: number): number[] =>
  Array.from({ length: count }, (_, i) => (count === 1 ? start : start + ((end - start) * i) / (count - 1)));

/** The levels with 0 after them. */
export const toZero = (levels: readonly number[]): Sigmas => Float32Array.from([...levels, 0]);

/** From where to where a schedule goes. */
export interface SigmaRange {
  readonly sigmaMin: number;
  readonly sigmaMax: number;
}

/** σ_i = (σ_max^(1/ρ) + i/(n−1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ (Karras et al. 2022, eq. 5). */
export const karrasLevels = ({ sigmaMin, sigmaMax }: SigmaRange, steps: number, rho = 7): number[] =>
  spread(steps, sigmaMax ** (1 / rho), sigmaMin ** (1 / rho)).map((root) => root ** rho);

/** Evenly spaced in log σ. */
export const exponentialLevels = ({ sigmaMin, sigmaMax }: SigmaRange, steps: number): number[] =>
  spread(steps, Math.log(sigmaMax), Math.log(sigmaMin)).map(Math.exp);

/** log σ falls as (1 − i/(n−1))^ρ from σ_max to σ_min (k-diffusion, Katherine Crowson 2022). */
export const polyexponentialLevels = ({ sigmaMin, sigmaMax }: SigmaRange, steps: number, rho: number): number[] =>
  spread(steps, 1, 0).map((t) => Math.exp(t ** rho * Math.log(sigmaMax / sigmaMin) + Math.log(sigmaMin)));

/** σ(t) = √(e^(β_d·t²/2 + β_min·t) − 1) for t from 1 to ε (Song et al. 2020, VP SDE). */
export const vpLevels = (steps: number, { betaD, betaMin, epsilon }: { betaD: number; betaMin: number; epsilon: number }): number[] =>
  spread(steps, 1, epsilon).map((t) => Math.sqrt(Math.expm1((betaD * t * t) / 2 + betaMin * t)));

/** log σ at the quantiles of a Laplace distribution of mean μ and width β, kept inside the range (Hang et al. 2024). */
export const laplaceLevels = (
  { sigmaMin, sigmaMax, mu, beta }: SigmaRange & { readonly mu: number; readonly beta: number },
  steps: number,
): number[] =>
  spread(steps, 0, 1).map((x) => {
    const log = mu - beta * Math.sign(0.5 - x) * Math.log(1 - 2 * Math.abs(0.5 - x) + 1e-5);
    return Math.min(Math.max(Math.exp(log), sigmaMin), sigmaMax);
  });

/** `count` levels on the curve through `levels` (falling), straight in log σ. */
export function logInterpolated(levels: readonly number[], count: number): number[] {
  return spread(count, 0, levels.length - 1).map((place) => {
    const low = Math.min(Math.floor(place), levels.length - 2);
    const [from, to] = [Math.log(levels[low] ?? 1), Math.log(levels[low + 1] ?? 1)];
    return Math.exp(from + (to - from) * (place - low));
  });
}
