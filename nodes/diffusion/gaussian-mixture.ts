import { combine, type PointMixture, type Tensor } from '../kit/index.ts';

/** Points are `[b, 2, 1, n]`: all x, then all y. */
const countOf = ({ dims }: Tensor): number => dims[3] ?? 0;

/**
 * E[x₀ | x] for x = x₀ + σε, exactly: each heap k pulls with its share of the density at x, r_k ∝ N(x; m_k, (s²+σ²)·I), towards
 * m_k + s²/(s²+σ²)·(x − m_k). By Tweedie's formula the score is (E[x₀ | x] − x)/σ² (Efron 2011).
 */
export function mixtureDenoised({ centres, spread }: PointMixture, x: Tensor, sigma: number): Tensor {
  const heaps = centres.length / 2;
  const variance = spread ** 2 + sigma ** 2;
  const kept = spread ** 2 / variance;
  const count = countOf(x);
  const data = new Float32Array(x.data.length);
  const logs = new Float64Array(heaps);
  for (let start = 0; start < data.length; start += 2 * count) {
    for (let i = start; i < start + count; i++) {
      const at = { px: x.data[i] ?? 0, py: x.data[i + count] ?? 0 };
      const [mx, my] = meanCentre(centres, logs, { ...at, variance });
      data[i] = mx + kept * (at.px - mx);
      data[i + count] = my + kept * (at.py - my);
    }
  }
  return { dims: x.dims, data };
}

/** The mean of the centres, each weighted by its heap's share of the density at a place. */
function meanCentre(
  centres: Float64Array,
  logs: Float64Array,
  { px, py, variance }: { px: number; py: number; variance: number },
): [number, number] {
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < logs.length; k++) {
    const log = -((px - (centres[2 * k] ?? 0)) ** 2 + (py - (centres[2 * k + 1] ?? 0)) ** 2) / (2 * variance);
    logs[k] = log;
    highest = Math.max(highest, log);
  }
  let [sum, mx, my] = [0, 0, 0];
  for (let k = 0; k < logs.length; k++) {
    const share = Math.exp((logs[k] ?? 0) - highest);
    sum += share;
    mx += share * (centres[2 * k] ?? 0);
    my += share * (centres[2 * k + 1] ?? 0);
  }
  return [mx / sum, my / sum];
}

/** ∇ log p of the noisy points: (E[x₀ | x] − x)/σ². */
export const mixtureScore = (mixture: PointMixture, x: Tensor, sigma: number): Tensor =>
  combine(1 / sigma ** 2, mixtureDenoised(mixture, x, sigma), -1 / sigma ** 2, x);
