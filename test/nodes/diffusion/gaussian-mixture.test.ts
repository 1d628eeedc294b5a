import { describe, expect, it } from 'vitest';
import { exactModel } from '../../../nodes/diffusion/exact-model.ts';
import { mixtureDenoised, mixtureScore } from '../../../nodes/diffusion/gaussian-mixture.ts';
import { scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import { drawPoints, turnsOf } from '../../../nodes/diffusion/point-picture.ts';
import { mixtureAlong, pointShapes, pointsOf } from '../../../nodes/diffusion/point-shapes.ts';
import { torchNormal } from '../../../nodes/diffusion/random.ts';
import { momentsOf } from '../../../nodes/diffusion/statistics.ts';
import { type PointMixture, scale, type Tensor } from '../../../nodes/kit/index.ts';

const points = (...places: readonly (readonly [number, number])[]): Tensor => ({
  dims: [1, 2, 1, places.length],
  data: Float32Array.from([...places.map(([x]) => x), ...places.map(([, y]) => y)]),
});
const single: PointMixture = { centres: Float64Array.of(1, -2), spread: 0.5 };
const pair: PointMixture = { centres: Float64Array.of(-1, 0, 1, 0), spread: 0.1 };

/** log p of a point under a mixture with noise, by the sum itself. */
function logDensity({ centres, spread }: PointMixture, [x, y]: readonly [number, number], sigma: number): number {
  const variance = spread ** 2 + sigma ** 2;
  let sum = 0;
  for (let k = 0; k < centres.length; k += 2) {
    sum += Math.exp(-((x - (centres[k] ?? 0)) ** 2 + (y - (centres[k + 1] ?? 0)) ** 2) / (2 * variance)) / (2 * Math.PI * variance);
  }
  return Math.log(sum / (centres.length / 2));
}

describe('the exact denoiser', () => {
  it('of one heap shrinks towards its centre: m + s²/(s²+σ²)·(x − m)', () => {
    const [x = 0, y = 0] = mixtureDenoised(single, points([3, 0]), 1).data;
    expect(x).toBeCloseTo(1 + (0.25 / 1.25) * 2, 6);
    expect(y).toBeCloseTo(-2 + (0.25 / 1.25) * 2, 6);
  });

  it('of two heaps gives their middle half way, the nearer one elsewhere', () => {
    expect(mixtureDenoised(pair, points([0, 0]), 1).data[0]).toBeCloseTo(0, 6);
    expect(mixtureDenoised(pair, points([0.9, 0]), 0.1).data[0]).toBeCloseTo(0.95, 4);
  });

  it('has the score that the density’s own slope gives', () => {
    const mixture = mixtureAlong('drop', 0.1);
    const [sigma, h] = [0.4, 1e-4];
    for (const [x, y] of [
      [0.2, 0.3],
      [-1, 0.8],
      [0.5, -1.4],
    ] as const) {
      const [sx = 0, sy = 0] = mixtureScore(mixture, points([x, y]), sigma).data;
      expect(sx).toBeCloseTo((logDensity(mixture, [x + h, y], sigma) - logDensity(mixture, [x - h, y], sigma)) / (2 * h), 3);
      expect(sy).toBeCloseTo((logDensity(mixture, [x, y + h], sigma) - logDensity(mixture, [x, y - h], sigma)) / (2 * h), 3);
    }
  });

  it('stays a number far from everything', () => {
    expect(mixtureDenoised(pair, points([1e4, -1e4]), 0.01).data.every(Number.isFinite)).toBe(true);
  });

  it('as a model predicts the noise of its own clean guess', async () => {
    const schedule = scheduleFromConfig({ beta_schedule: 'linear', beta_start: 1e-4, beta_end: 0.02, num_train_timesteps: 1000 });
    const model = exactModel(pair, schedule);
    const [t, x] = [300, points([0.4, 0.2], [-2, 1])];
    const sigma = schedule.sigmas[t] ?? 0;
    const unused = { dims: [1, 1, 1], data: new Float32Array(1) };
    const epsilon = await model.predict({ sample: scale(x, 1 / Math.sqrt(1 + sigma ** 2)), timestep: t, tokens: unused });
    const clean = mixtureDenoised(pair, x, sigma);
    for (const [i, value] of epsilon.data.entries()) expect(x.data[i]).toBeCloseTo((clean.data[i] ?? 0) + sigma * value, 4);
  });
});

describe('points along a shape', () => {
  it.each(pointShapes)('%s lies around the middle, within reach of the picture', (shape) => {
    const { data } = pointsOf(mixtureAlong(shape, 0.05), 2000, torchNormal(1n));
    const [x, y] = [momentsOf(data.subarray(0, 2000)), momentsOf(data.subarray(2000))];
    for (const { mean, std, min, max } of [x, y]) {
      expect(Math.abs(mean)).toBeLessThan(0.35);
      expect(std).toBeGreaterThan(0.4);
      expect(Math.max(-min, max)).toBeLessThan(2);
    }
  });

  it('are drawn as dots in their colours, y upwards', () => {
    const cloud = points([0, 0.9], [0, -0.9]);
    const pixels = drawPoints(cloud, 0, { size: 64, reach: 1, turns: turnsOf(cloud, 'order') });
    const at = (row: number): number[] => [...pixels.subarray(3 * (row * 64 + 32), 3 * (row * 64 + 32) + 3)];
    expect(at(32)).toEqual([1, 1, 1]);
    expect(at(3)).not.toEqual([1, 1, 1]);
    expect(at(61)).not.toEqual(at(3));
    expect(turnsOf(cloud, 'first direction')[1]).toBeCloseTo(0.5, 6);
  });
});
