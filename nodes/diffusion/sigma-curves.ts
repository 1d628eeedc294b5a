import type { Sigmas } from '../kit/index.ts';

const { fround } = Math;

/**
 * `count` values evenly spaced, both ends among them; of one, the first. In single precision and from both ends to the middle, as
 * `torch.linspace` gives them: samplers that draw from a Brownian path see a difference in a level's last bits.
 */
export function spread(count: number, start: number, end: number): number[] {
  const [first, last] = [fround(start), fround(end)];
  const step = fround(fround(last - first) / (count - 1));
  const half = Math.floor(count / 2);
  if (count === 1) return [first];
  return Array.from({ length: count }, (_, i) => fround(i < half ? first + step * i : last - step * (count - i - 1)));
}

/** The levels with 0 after them. */
export const toZero = (levels: readonly number[]): Sigmas => Float32Array.from([...levels, 0]);

/** From where to where a schedule goes. */
export interface SigmaRange {
  readonly sigmaMin: number;
  readonly sigmaMax: number;
}

/** σ_i = (σ_max^(1/ρ) + i/(n−1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ (Karras et al. 2022, eq. 5). */
export function karrasLevels({ sigmaMin, sigmaMax }: SigmaRange, steps: number, rho = 7): number[] {
  const [low, high] = [sigmaMin ** (1 / rho), sigmaMax ** (1 / rho)];
  return spread(steps, 0, 1).map((share) => fround(fround(high) + fround(share * fround(low - high))) ** rho);
}

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
  return Array.from({ length: count }, (_, i) => {
    const place = count === 1 ? 0 : ((levels.length - 1) * i) / (count - 1);
    const low = Math.min(Math.floor(place), levels.length - 2);
    const [from, to] = [Math.log(levels[low] ?? 1), Math.log(levels[low + 1] ?? 1)];
    return Math.exp(from + (to - from) * (place - low));
  });
}
