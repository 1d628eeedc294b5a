import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { impliedNoise } from '../parameterisation.ts';
import { turnsOf } from './steps.ts';

const mostOrder = 4;

/** ∫ of the Lagrange polynomial that is 1 at the j-th of the nodes, from `nodes[0]` to `end`; two Gauss points are exact up to cubics. */
function basisIntegral(nodes: readonly number[], j: number, end: number): number {
  const [start = 0] = nodes;
  const basis = (t: number): number =>
    nodes.reduce((product, node, k) => (k === j ? product : (product * (t - node)) / ((nodes[j] ?? 0) - node)), 1);
  const [middle, half] = [(start + end) / 2, (end - start) / 2];
  return half * (basis(middle - half / Math.sqrt(3)) + basis(middle + half / Math.sqrt(3)));
}

/** Linear multistep: up to four past slopes, as a polynomial in σ (Katherine Crowson 2022, after Adams and Bashforth). */
export const lms: SampleLoop = async function* (denoise, x, { sigmas }) {
  let current = x;
  const slopes: Tensor[] = [];
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    slopes.unshift(impliedNoise(current, denoised, sigma));
    slopes.length = Math.min(slopes.length, mostOrder);
    const nodes = slopes.map((_, k) => sigmas[index - k] ?? 0);
    current =
      next === 0 ? denoised : weightedSum([1, current], ...slopes.map((slope, j) => [basisIntegral(nodes, j, next), slope] as const));
  }
  return current;
};
