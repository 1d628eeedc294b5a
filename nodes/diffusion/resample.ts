import type { Image, ResizeMethod, Tensor } from '../kit/index.ts';

/** Where one output position reads: source positions from `first` on, with their weights. */
interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Keys' cubic with a = −0.75, as torch uses it. */
function cubic(x: number): number {
  const a = -0.75;
  const t = Math.abs(x);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

/** The methods that weigh a few neighbours. */
export type ResampleMethod = Exclude<ResizeMethod, 'lanczos'>;

/** The size to come to, and how. */
export interface ResampledSize {
  readonly width: number;
  readonly height: number;
  readonly method: ResampleMethod;
}

/** One side: how many positions it has, and how many it is to have. */
interface Side {
  readonly from: number;
  readonly to: number;
}

// torch computes positions in single precision, which decides what a large picture's pixels read.
const single = Math.fround;

/** What output position `i` reads. */
function tapAt(method: ResampleMethod, i: number, { from, to }: Side): Tap {
  const ratio = single(from / to);
  switch (method) {
    case 'nearest-exact':
      return { first: Math.floor(single((i + 0.5) * ratio)), weights: [1] };
    case 'area': {
      const first = Math.floor((i * from) / to);
      const count = Math.ceil(((i + 1) * from) / to) - first;
      return { first, weights: new Array<number>(count).fill(1 / count) };
    }
    case 'bilinear': {
      const at = Math.max(single(single(ratio * single(i + 0.5)) - 0.5), 0);
      const first = Math.floor(at);
      return { first, weights: [1 - (at - first), at - first] };
    }
    case 'bicubic': {
      const at = single(single(ratio * single(i + 0.5)) - 0.5);
      const first = Math.floor(at) - 1;
      return { first, weights: [0, 1, 2, 3].map((k) => cubic(at - first - k)) };
    }
  }
}

/** Taps of one axis, without antialiasing and with corners not aligned (torch's `interpolate`). */
const taps = (method: ResampleMethod, side: Side): Tap[] => Array.from({ length: side.to }, (_, i) => tapAt(method, i, side));

/** The side that is resampled: `length` positions, `stride` values apart, in `outer` blocks. */
interface Axis {
  readonly outer: number;
  readonly length: number;
  readonly stride: number;
}

function along(data: Float32Array, { outer, length, stride }: Axis, positions: readonly Tap[]): Float32Array {
  const result = new Float32Array(outer * positions.length * stride);
  for (let block = 0; block < outer; block++) {
    positions.forEach(({ first, weights }, out) => {
      const to = (block * positions.length + out) * stride;
      weights.forEach((weight, k) => {
        const from = (block * length + Math.min(Math.max(first + k, 0), length - 1)) * stride;
        for (let s = 0; s < stride; s++) result[to + s] = (result[to + s] ?? 0) + weight * (data[from + s] ?? 0);
      });
    });
  }
  return result;
}

/** `[b, h, w, c]` to another size, one axis after the other. */
export function resample(image: Image, size: ResampledSize): Image {
  const [batch = 0, height = 0, width = 0, channels = 0] = image.dims;
  const rows = along(
    image.data,
    { outer: batch, length: height, stride: width * channels },
    taps(size.method, { from: height, to: size.height }),
  );
  const columns = taps(size.method, { from: width, to: size.width });
  const data = along(rows, { outer: batch * size.height, length: width, stride: channels }, columns);
  return { dims: [batch, size.height, size.width, channels], data };
}

/** Planes `[…, h, w]` to another size. */
export function resamplePlanes({ dims, data }: Tensor, { width, height, method }: ResampledSize): Tensor {
  const [oldHeight = 0, oldWidth = 0] = dims.slice(-2);
  const planes = oldHeight * oldWidth === 0 ? 0 : data.length / (oldHeight * oldWidth);
  const rows = along(data, { outer: planes, length: oldHeight, stride: oldWidth }, taps(method, { from: oldHeight, to: height }));
  const result = along(rows, { outer: planes * height, length: oldWidth, stride: 1 }, taps(method, { from: oldWidth, to: width }));
  return { dims: [...dims.slice(0, -2), height, width], data: result };
}
