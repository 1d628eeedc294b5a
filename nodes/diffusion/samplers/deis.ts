import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

const mostOrder = 3;
const points = 10_000;

/** The variance-preserving time of EDM's range of noise levels (Karras et al. 2022, table 1: σ 0.002…80, ε 0.001): β(t) = βmin + βd·t. */
const [logMin, logMax, epsilon] = [Math.log1p(0.002 ** 2), Math.log1p(80 ** 2), 1e-3];
const betaD = (2 * (logMin / epsilon - logMax)) / (epsilon - 1);
const betaMin = logMax - 0.5 * betaD;
const timeOf = (sigma: number): number => (Math.sqrt(betaMin ** 2 + 2 * betaD * Math.log1p(sigma * sigma)) - betaMin) / betaD;

/** The exponential integrator's weight of a slope at time t: ½·β(t)/√(ᾱ(1−ᾱ)). */
function integrand(t: number): number {
  const alphaBar = Math.exp(-0.5 * t * t * betaD - t * betaMin);
  return (0.5 * (t * betaD + betaMin)) / Math.sqrt(alphaBar * (1 - alphaBar));
}

/** Weights of the slopes at `nodes` (this time and those before) for the step to `end`, summed over many points. */
function weightsFor(nodes: readonly number[], end: number): number[] {
  const [start = 0] = nodes;
  const sums = nodes.map(() => 0);
  for (let i = 0; i < points; i++) {
    const t = start + ((end - start) * i) / (points - 1);
    const weight = integrand(t);
    for (let j = 0; j < nodes.length; j++) {
      let basis = weight;
      for (let k = 0; k < nodes.length; k++) if (k !== j) basis *= (t - (nodes[k] ?? 0)) / ((nodes[j] ?? 0) - (nodes[k] ?? 0));
      sums[j] = (sums[j] ?? 0) + basis;
    }
  }
  return sums.map((sum) => (sum * (end - start)) / points);
}

/** DEIS: an exponential integrator with slopes extrapolated in time, tAB3 (Zhang & Chen 2022). */
export const deis: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  let slopes: Tensor[] = [];
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    slopes = [impliedNoise(current, denoised, sigma), ...slopes].slice(0, mostOrder);
    if (next === 0) current = denoised;
    else if (slopes.length === 1) current = weightedSum([next / sigma, current], [1 - next / sigma, denoised]);
    else {
      const weights = weightsFor(
        slopes.map((_, k) => timeOf(sigmas[index - k] ?? 0)),
        timeOf(next),
      );
      current = weightedSum([1, current], ...slopes.map((slope, k) => [weights[k] ?? 0, slope] as const));
    }
  }
  return current;
};
