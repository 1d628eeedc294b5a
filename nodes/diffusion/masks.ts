import type { Mask } from '../kit/index.ts';
import { roundHalfEven } from './rounding.ts';

/** Planes of a mask `[n, h, w]` one after the other, each changed by itself. */
function eachPlane(mask: Mask, change: (plane: Float32Array) => Float32Array): Mask {
  const [, height = 0, width = 0] = mask.dims;
  const area = height * width;
  const data = new Float32Array(mask.data.length);
  for (let at = 0; at < data.length; at += area) data.set(change(mask.data.subarray(at, at + area)), at);
  return { dims: mask.dims, data };
}

/** The largest (or smallest) value among each pixel and its neighbours; beyond the edge the edge goes on. */
function neighbourhood(plane: Float32Array, width: number, { corners, pick }: { corners: boolean; pick: typeof Math.max }): Float32Array {
  const height = plane.length / width;
  return plane.map((own, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    let found = own;
    for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
      for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
        if (corners || y === row || x === column) found = pick(found, plane[y * width + x] ?? own);
      }
    }
    return found;
  });
}

/** Grows a mask by so many pixels, or shrinks it by a negative number; tapered corners grow as a diamond, others as a square. */
export function grown(mask: Mask, pixels: number, tapered: boolean): Mask {
  const [, height = 0, width = 0] = mask.dims;
  // After a walk of that length nothing can change any more.
  const steps = Math.min(Math.abs(pixels), height + width);
  const options = { corners: !tapered, pick: pixels < 0 ? Math.min : Math.max };
  return eachPlane(mask, (plane) => {
    let result = Float32Array.from(plane);
    for (let i = 0; i < steps; i++) result = Float32Array.from(neighbourhood(result, width, options));
    return result;
  });
}

/** Over how many pixels a mask fades at each side. */
export interface FeatherWidths {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Lets a mask fade towards its sides. As in ComfyUI, whose pictures must come back, the fade on the right and at the bottom counts its
 * pixels from one beyond the edge, and its first falls on the opposite edge.
 */
export function feathered(mask: Mask, widths: FeatherWidths): Mask {
  const [, height = 0, width = 0] = mask.dims;
  const [left, right] = [Math.min(widths.left, width), Math.min(widths.right, width)];
  const [top, bottom] = [Math.min(widths.top, height), Math.min(widths.bottom, height)];
  const fade = (at: number, side: number, { near, far }: { near: number; far: number }): number => {
    const fromNear = at < near ? (at + 1) / near : 1;
    const fromFar = (side - at) % side;
    return fromFar < far ? (fromNear * (fromFar + 1)) / far : fromNear;
  };
  const across = Float32Array.from({ length: width }, (_, x) => fade(x, width, { near: left, far: right }));
  const down = Float32Array.from({ length: height }, (_, y) => fade(y, height, { near: top, far: bottom }));
  return eachPlane(mask, (plane) => plane.map((value, i) => value * (across[i % width] ?? 1) * (down[Math.floor(i / width)] ?? 1)));
}

/** Ways to put one mask together with another. */
export const maskOperations = ['multiply', 'add', 'subtract', 'and', 'or', 'xor'] as const;
export type MaskOperation = (typeof maskOperations)[number];

const solid = (value: number): boolean => roundHalfEven(value) !== 0;
const operations: Readonly<Record<MaskOperation, (own: number, other: number) => number>> = {
  multiply: (own, other) => own * other,
  add: (own, other) => own + other,
  subtract: (own, other) => own - other,
  and: (own, other) => Number(solid(own) && solid(other)),
  or: (own, other) => Number(solid(own) || solid(other)),
  xor: (own, other) => Number(solid(own) !== solid(other)),
};

/** Puts `source` over `destination` from pixel `x`, `y` on; values stay within 0…1. */
export function combinedMasks(
  destination: Mask,
  source: Mask,
  { x, y, operation }: { x: number; y: number; operation: MaskOperation },
): Mask {
  const [batch = 0, height = 0, width = 0] = destination.dims;
  const [sources = 1, rows = 0, columns = 0] = source.dims;
  const data = Float32Array.from(destination.data);
  const join = operations[operation];
  for (let item = 0; item < batch; item++) {
    const from = (item % sources) * rows * columns;
    for (let row = 0; row < Math.min(rows, height - y); row++) {
      for (let column = 0; column < Math.min(columns, width - x); column++) {
        const to = (item * height + y + row) * width + x + column;
        data[to] = join(data[to] ?? 0, source.data[from + row * columns + column] ?? 0);
      }
    }
  }
  return { dims: destination.dims, data: data.map((value) => Math.min(Math.max(value, 0), 1)) };
}
