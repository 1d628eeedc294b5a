import { sizeOf, type Tensor } from '../kit/index.ts';
import type { Region } from './prompt-parts.ts';
import { type ResampledSize, resamplePlanes } from './resample.ts';
import { roundHalfEven } from './rounding.ts';

/** A rectangle of planes: `[…, h, w]` → `[…, region.height, region.width]`. */
export function cutRegion(x: Tensor, { x: left, y: top, width, height }: Region): Tensor {
  const [rows = 0, columns = 0] = x.dims.slice(-2);
  const dims = [...x.dims.slice(0, -2), height, width];
  const data = new Float32Array(sizeOf(dims));
  const planes = data.length / (height * width);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      const from = (plane * rows + top + y) * columns + left;
      data.set(x.data.subarray(from, from + width), (plane * height + y) * width);
    }
  }
  return { dims, data };
}

/** Planes `[…, h, w]` at another size, the middle of them at the new proportions. */
export function centred(planes: Tensor, size: ResampledSize): Tensor {
  const { height, width } = size;
  const [rows = 0, columns = 0] = planes.dims.slice(-2);
  if (rows === height && columns === width) return planes;
  const wider = columns / rows / (width / height);
  const x = wider > 1 ? roundHalfEven((columns - columns / wider) / 2) : 0;
  const y = wider < 1 ? roundHalfEven((rows - rows * wider) / 2) : 0;
  const middle = cutRegion(planes, { x, y, width: columns - 2 * x, height: rows - 2 * y });
  return resamplePlanes(middle, size);
}

/** Sums of guesses over the cells of a picture, each with its weights; what no guess reaches is 0. */
export function weightedCells(dims: readonly number[]): {
  add(guess: Tensor, weight: number | Float32Array, region?: Region): void;
  mean(): Tensor;
} {
  const [batch = 0, channels = 0, height = 0, width = 0] = dims;
  const sums = new Float32Array(sizeOf(dims));
  const weights = new Float32Array(sums.length).fill(1e-37);
  return {
    add({ data }, weight, region = { x: 0, y: 0, width, height }) {
      const plane = region.width * region.height;
      const items = typeof weight === 'number' ? 1 : weight.length / plane;
      for (let b = 0; b < batch * channels; b++) {
        const item = (Math.floor(b / channels) % items) * plane;
        for (let i = 0; i < plane; i++) {
          const to = (b * height + region.y + Math.floor(i / region.width)) * width + region.x + (i % region.width);
          const factor = typeof weight === 'number' ? weight : (weight[item + i] ?? 0);
          sums[to] = (sums[to] ?? 0) + factor * (data[b * plane + i] ?? 0);
          weights[to] = (weights[to] ?? 0) + factor;
        }
      }
    },
    mean: () => ({ dims, data: sums.map((sum, i) => sum / (weights[i] ?? 1)) }),
  };
}
