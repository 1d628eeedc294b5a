import { GraphError, type Picture, type Tensor } from '../kit/index.ts';

/** How points are drawn: `size` pixels along each side, from −`reach` to +`reach`. */
export interface PointView {
  readonly size: number;
  readonly reach: number;
}

/** A prime far above the usual number of points. */
const stride = 7919;

/** A clear colour of the wheel, 0 ≤ turn < 1, as 0…1 each. */
function hue(turn: number): readonly [number, number, number] {
  const at = (offset: number): number => {
    const k = (offset + 6 * turn) % 6;
    return 0.88 - 0.72 * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [at(5), at(3), at(1)];
}

/** Throws `size-mismatch` unless this is `[b, 2, 1, n]`. */
export function requirePoints({ dims }: Tensor): void {
  if (dims.length === 4 && dims[1] === 2 && dims[2] === 1) return;
  throw new GraphError('size-mismatch', `Points have shape [batch, 2, 1, count], got [${dims.join(', ')}]. Wire a “Point cloud” here.`);
}

/** What gives a point its colour: its number, or its direction from the middle in the first cloud of the batch. */
export const pointColours = ['order', 'first direction'] as const;
export type PointColours = (typeof pointColours)[number];

/** The place of each point on the wheel of colours, 0…1. */
export function turnsOf(points: Tensor, colours: PointColours): Float32Array {
  const count = points.dims[3] ?? 0;
  const turn = (i: number): number =>
    colours === 'order' ? i / count : (Math.atan2(points.data[i] ?? 0, points.data[i + count] ?? 0) / (2 * Math.PI) + 1) % 1;
  return Float32Array.from({ length: count }, (_, i) => turn(i));
}

/** Item `index` of `[b, 2, 1, n]` as round dots on white, y upwards; dots lie over one another. Pixels 0…1, `[size, size, 3]`. */
export function drawPoints(
  points: Tensor,
  index: number,
  { size, reach, turns }: PointView & { readonly turns: Float32Array },
): Float32Array {
  const count = points.dims[3] ?? 0;
  const canvas = new Float32Array(size * size * 3).fill(1);
  const radius = Math.max(1, size / 110);
  for (let drawn = 0; drawn < count; drawn++) {
    // Neighbours in the order are drawn far apart, so that no colour lies over all the others.
    const i = (drawn * (count % stride === 0 ? 1 : stride)) % count;
    const at = 2 * index * count + i;
    const x = (((points.data[at] ?? 0) + reach) / (2 * reach)) * size;
    const y = ((reach - (points.data[at + count] ?? 0)) / (2 * reach)) * size;
    dot(canvas, { x, y, radius, size, colour: hue(turns[i] ?? 0) });
  }
  return canvas;
}

interface Dot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly size: number;
  readonly colour: readonly [number, number, number];
}

/** A soft-edged disc, three quarters opaque. */
function dot(canvas: Float32Array, { x, y, radius, size, colour }: Dot): void {
  const clip = (value: number): number => Math.min(Math.max(value, 0), size - 1);
  for (let row = clip(Math.floor(y - radius - 1)); row <= clip(Math.ceil(y + radius)); row++) {
    for (let column = clip(Math.floor(x - radius - 1)); column <= clip(Math.ceil(x + radius)); column++) {
      const cover = 0.75 * Math.min(Math.max(radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y), 0), 1);
      if (cover === 0) continue;
      for (let c = 0; c < 3; c++) {
        const at = 3 * (row * size + column) + c;
        canvas[at] = (1 - cover) * (canvas[at] ?? 1) + cover * (colour[c] ?? 0);
      }
    }
  }
}

/** The same as a small 8-bit picture, for previews. */
export function pointPreview(points: Tensor, view: PointView): Picture {
  const rgb = Uint8Array.from(drawPoints(points, 0, { ...view, turns: turnsOf(points, 'order') }), (value) => Math.round(255 * value));
  return { width: view.size, height: view.size, rgb };
}
