import type { Image } from '../kit/index.ts';

/** One channel of a picture. */
interface Plane {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** How strong an edge must be to go on (`low`) and to begin (`high`). */
export interface EdgeThresholds {
  readonly low: number;
  readonly high: number;
}

/** Luma of one item (Rec. 601). */
function greyOf({ dims: [, height = 0, width = 0, channels = 0], data }: Image, item: number): Plane {
  const grey = new Float32Array(height * width);
  const start = item * height * width * channels;
  for (let i = 0; i < grey.length; i++) {
    const at = start + i * channels;
    grey[i] = 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
  }
  return { height, width, data: grey };
}

/** A row of weights along an axis; `border` says which position stands for one outside. */
function filtered(
  { height, width, data }: Plane,
  weights: readonly number[],
  { axis, border }: { axis: 'x' | 'y'; border: typeof mirrored },
): Plane {
  const result = new Float32Array(data.length);
  const reach = (weights.length - 1) / 2;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [k, weight] of weights.entries()) {
        const row = axis === 'y' ? border(y + k - reach, height) : y;
        const column = axis === 'x' ? border(x + k - reach, width) : x;
        sum += weight * (data[row * width + column] ?? 0);
      }
      result[y * width + x] = sum;
    }
  }
  return { height, width, data: result };
}

const nearestInside = (at: number, side: number): number => Math.min(Math.max(at, 0), side - 1);
const mirrored = (at: number, side: number): number => nearestInside(at < 0 ? -at : at >= side ? 2 * side - 2 - at : at, side);

/** A Gaussian of σ = 1 over five positions. */
const gaussian = ((): readonly number[] => {
  const values = [-2, -1, 0, 1, 2].map((x) => Math.exp(-(x * x) / 2));
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
})();

/** Steps to the neighbour in each of eight directions, from x towards y. */
const neighbours = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
] as const;

/** Sobel's gradients, of which only the crests across the edge are kept. */
function crests(plane: Plane): Plane {
  const { height, width } = plane;
  const smoothed = (axis: 'x' | 'y'): Plane => filtered(plane, [1, 2, 1], { axis, border: nearestInside });
  const gx = filtered(smoothed('y'), [-1, 0, 1], { axis: 'x', border: nearestInside }).data;
  const gy = filtered(smoothed('x'), [-1, 0, 1], { axis: 'y', border: nearestInside }).data;
  const strength = gx.map((value, i) => Math.sqrt(value * value + (gy[i] ?? 0) ** 2 + 1e-6));
  const at = (x: number, y: number): number => (x < 0 || y < 0 || x >= width || y >= height ? 0 : (strength[y * width + x] ?? 0));
  const data = strength.map((value, i) => {
    const eighth = (Math.round(Math.atan2(gy[i] ?? 0, gx[i] ?? 0) / (Math.PI / 4)) + 8) % 8;
    const [dx, dy] = neighbours[eighth] ?? [1, 0];
    const [x, y] = [i % width, Math.floor(i / width)];
    // Two equal crests beside each other are one edge, the first of them.
    const [before, after] = eighth < 4 ? [at(x - dx, y - dy), at(x + dx, y + dy)] : [at(x + dx, y + dy), at(x - dx, y - dy)];
    return value > before && value >= after ? value : 0;
  });
  return { height, width, data };
}

/** 1 where an edge is above `high`, or above `low` and joined to such a place. */
function followed({ height, width, data }: Plane, { low, high }: EdgeThresholds): Uint8Array {
  const edge = new Uint8Array(data.length);
  const open = [...data.keys()].filter((i) => (data[i] ?? 0) > high);
  for (const i of open) edge[i] = 1;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [x, y] = [next % width, Math.floor(next / width)];
    for (const [dx, dy] of neighbours) {
      const to = (y + dy) * width + x + dx;
      if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height || edge[to] === 1 || (data[to] ?? 0) <= low) continue;
      edge[to] = 1;
      open.push(to);
    }
  }
  return edge;
}

/** Edges of pictures (Canny 1986), white on black: blurred, Sobel's gradients, thinned, followed between two thresholds. */
export function cannyEdges(image: Image, thresholds: EdgeThresholds): Image {
  const [batch = 0, height = 0, width = 0] = image.dims;
  const data = new Float32Array(batch * height * width * 3);
  for (let item = 0; item < batch; item++) {
    const blurred = ['x', 'y'].reduce(
      (plane, axis) => filtered(plane, gaussian, { axis: axis === 'x' ? 'x' : 'y', border: mirrored }),
      greyOf(image, item),
    );
    const edges = followed(crests(blurred), thresholds);
    edges.forEach((edge, i) => {
      data.fill(edge, (item * height * width + i) * 3, (item * height * width + i + 1) * 3);
    });
  }
  return { dims: [batch, height, width, 3], data };
}
