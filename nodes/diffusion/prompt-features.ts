import { GraphError, type Tensor } from '../kit/index.ts';
import type { WeightedToken } from './prompt-weights.ts';

type Window = readonly WeightedToken[];

/**
 * Features of windows `[n, tokens, width]` moved away from those of an empty prompt `[1, tokens, width]` by each token's weight: e + w·(z − e).
 */
export function weightedFeatures(states: Tensor, empty: Tensor, windows: readonly Window[]): Tensor {
  const [, tokens = 1, width = 0] = states.dims;
  const data = Float32Array.from(states.data);
  windows.flat().forEach(({ weight }, row) => {
    if (weight === 1) return;
    const position = row % tokens;
    for (let i = 0; i < width; i++) {
      const plain = empty.data[position * width + i] ?? 0;
      data[row * width + i] = plain + weight * ((data[row * width + i] ?? 0) - plain);
    }
  });
  return { dims: states.dims, data };
}

/** Windows `[n, tokens, width]` as one row of tokens `[1, n·tokens, width]`. */
export const inOneRow = ({ dims: [count = 0, tokens = 0, width = 0], data }: Tensor): Tensor => ({
  dims: [1, count * tokens, width],
  data,
});

/** Features of two networks `[1, tokens, w₁]`, `[1, tokens, w₂]` side by side, cut to the shorter: `[1, tokens, w₁ + w₂]`. */
export function sideBySide(a: Tensor, b: Tensor): Tensor {
  const tokens = Math.min(a.dims[1] ?? 0, b.dims[1] ?? 0);
  const [first, second] = [a.dims[2] ?? 0, b.dims[2] ?? 0];
  const width = first + second;
  const data = new Float32Array(tokens * width);
  for (let t = 0; t < tokens; t++) {
    data.set(a.data.subarray(t * first, (t + 1) * first), t * width);
    data.set(b.data.subarray(t * second, (t + 1) * second), t * width + first);
  }
  return { dims: [1, tokens, width], data };
}

/** Each row of the last axis with mean 0 and variance 1 (Ba et al. 2016, without gain and bias; ε = 10⁻⁵ as CLIP has it). */
function standardised({ dims, data }: Tensor): Float64Array {
  const width = dims.at(-1) ?? 1;
  const result = Float64Array.from(data);
  for (let at = 0; at < result.length; at += width) {
    const row = result.subarray(at, at + width);
    const mean = row.reduce((sum, value) => sum + value, 0) / width;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
    const scale = 1 / Math.sqrt(variance + 1e-5);
    for (let i = 0; i < width; i++) row[i] = ((row[i] ?? 0) - mean) * scale;
  }
  return result;
}

/** Mean products over rows, for one feature. */
function line(x: Float64Array, y: Float32Array, { feature, width }: { feature: number; width: number }): { gain: number; bias: number } {
  const rows = x.length / width;
  let [sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0];
  for (let i = feature; i < x.length; i += width) {
    const [a, b] = [x[i] ?? 0, y[i] ?? 0];
    sumX += a;
    sumY += b;
    sumXX += a * a;
    sumXY += a * b;
  }
  const spread = sumXX - (sumX * sumX) / rows;
  const gain = spread < 1e-9 ? 0 : (sumXY - (sumX * sumY) / rows) / spread;
  return { gain, bias: (sumY - gain * sumX) / rows };
}

/**
 * The layer norm that led from `before` to `after`, applied to `states`, all `[n, tokens, width]`. Exports do not give its gain and bias, but each
 * feature's follow from its values over the tokens by least squares. Throws `bad-model` where `after` is no layer norm of `before`.
 */
export function sameNorm({ before, after }: { before: Tensor; after: Tensor }, states: Tensor): Tensor {
  const width = before.dims.at(-1) ?? 1;
  const known = standardised(before);
  const wanted = standardised(states);
  const data = new Float32Array(states.data.length);
  let [error, energy] = [0, 0];
  for (let feature = 0; feature < width; feature++) {
    const { gain, bias } = line(known, after.data, { feature, width });
    for (let i = feature; i < known.length; i += width) {
      error += (gain * (known[i] ?? 0) + bias - (after.data[i] ?? 0)) ** 2;
      energy += (after.data[i] ?? 0) ** 2;
    }
    for (let i = feature; i < wanted.length; i += width) data[i] = gain * (wanted[i] ?? 0) + bias;
  }
  if (error <= 1e-5 * energy) return { dims: states.dims, data };
  throw new GraphError(
    'bad-model',
    'The hidden states of this text encoder do not lead to its last one by a layer norm, so that no other layer can be used. Export it again with output_hidden_states, or take “CLIP set last layer” out.',
  );
}
