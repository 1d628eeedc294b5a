import { type Tensor, zeros } from '../../../nodes/kit/index.ts';

/** How a picture or latent is cut: sides of a tile and of what two neighbours share, in cells of the input. */
export interface Tiling {
  readonly tile: number;
  readonly overlap: number;
  /** Tiles begin at multiples of this. */
  readonly multiple: number;
}

/** Where tiles begin along a side; the last one ends with the side. */
function starts(side: number, { tile, overlap, multiple }: Tiling): number[] {
  if (side <= tile) return [0];
  const step = Math.max(multiple, Math.floor((tile - overlap) / multiple) * multiple);
  const count = Math.ceil((side - tile) / step);
  return [...Array.from({ length: count }, (_, i) => i * step), side - tile];
}

/** Weight of a position in a tile: falls smoothly towards sides that another tile covers too, where a network sees nothing of the neighbour. */
function ramp(at: number, length: number, { low, high }: { low: number; high: number }): number {
  const share = Math.min(1, low === 0 ? 1 : (at + 0.5) / low, high === 0 ? 1 : (length - at - 0.5) / high);
  return share * share * (3 - 2 * share);
}

interface Window {
  readonly y: number;
  readonly x: number;
  readonly h: number;
  readonly w: number;
}

function crop({ dims: [, channels = 0, height = 0, width = 0], data }: Tensor, { y, x, h, w }: Window): Tensor {
  const part = new Float32Array(channels * h * w);
  for (let c = 0; c < channels; c++)
    for (let row = 0; row < h; row++) {
      const from = (c * height + y + row) * width + x;
      part.set(data.subarray(from, from + w), (c * h + row) * w);
    }
  return { dims: [1, channels, h, w], data: part };
}

/** The result so far, each value with the sum of the weights that went into it. */
interface Canvas {
  readonly result: Tensor;
  readonly weights: Float32Array;
}

/** Adds a tile's result at its place; `overlap` is in cells of the result. */
function blend({ result, weights }: Canvas, tile: Tensor, { y, x, overlap }: { y: number; x: number; overlap: number }): void {
  const [, channels = 0, height = 0, width = 0] = result.dims;
  const [, , h = 0, w = 0] = tile.dims;
  const vertical = { low: y > 0 ? overlap : 0, high: y + h < height ? overlap : 0 };
  const horizontal = { low: x > 0 ? overlap : 0, high: x + w < width ? overlap : 0 };
  for (let row = 0; row < h; row++) {
    for (let column = 0; column < w; column++) {
      const weight = ramp(row, h, vertical) * ramp(column, w, horizontal);
      const at = (y + row) * width + x + column;
      weights[at] = (weights[at] ?? 0) + weight;
      for (let c = 0; c < channels; c++) {
        const to = c * height * width + at;
        result.data[to] = (result.data[to] ?? 0) + weight * (tile.data[(c * h + row) * w + column] ?? 0);
      }
    }
  }
}

/** Runs `[1, c, h, w]` tile by tile through something that makes each side `scale` times as long, and blends the results where tiles overlap. */
export async function runTiled(
  input: Tensor,
  { tiling, scale }: { tiling: Tiling; scale: number },
  run: (tile: Tensor) => Promise<Tensor>,
): Promise<Tensor> {
  const [, , height = 0, width = 0] = input.dims;
  let canvas: Canvas | undefined;
  for (const y of starts(height, tiling)) {
    for (const x of starts(width, tiling)) {
      const tile = await run(crop(input, { y, x, h: Math.min(tiling.tile, height), w: Math.min(tiling.tile, width) }));
      canvas ??= {
        result: zeros([1, tile.dims[1] ?? 0, height * scale, width * scale]),
        weights: new Float32Array(height * width * scale * scale),
      };
      blend(canvas, tile, { y: y * scale, x: x * scale, overlap: tiling.overlap * scale });
    }
  }
  if (canvas === undefined) return zeros([1, 0, 0, 0]);
  const { result, weights } = canvas;
  for (let i = 0; i < result.data.length; i++) result.data[i] = (result.data[i] ?? 0) / (weights[i % weights.length] ?? 1);
  return result;
}
