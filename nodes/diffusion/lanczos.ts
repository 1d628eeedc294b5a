import type { Image } from '../kit/index.ts';

const lobes = 3;
/** Weights are whole numbers of 2^−22, so that sums of bytes stay exact. */
const fraction = 2 ** 22;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));
const kernel = (x: number): number => (Math.abs(x) < lobes ? sinc(x) * sinc(x / lobes) : 0);

/** Which source positions one output position reads, from `first` on. */
interface Window {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Windows of one axis: 3 lobes wide, widened when shrinking. */
function windows(from: number, to: number): Window[] {
  const ratio = from / to;
  const widened = Math.max(ratio, 1);
  const reach = lobes * widened;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * ratio;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const last = Math.min(Math.trunc(centre + reach + 0.5), from);
    const raw = Array.from({ length: last - first }, (__, k) => kernel((k + first - centre + 0.5) / widened));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => Math.trunc((weight / sum) * fraction + (weight < 0 ? -0.5 : 0.5))) };
  });
}

/** The axis that is resampled: `length` positions, `stride` values apart, in `outer` blocks. */
interface Axis {
  readonly outer: number;
  readonly length: number;
  readonly stride: number;
}

function along(bytes: Uint8Array, { outer, length, stride }: Axis, to: number): Uint8Array {
  if (length === to) return bytes;
  const result = new Uint8ClampedArray(outer * to * stride);
  const all = windows(length, to);
  for (let block = 0; block < outer; block++) {
    all.forEach(({ first, weights }, out) => {
      const start = (block * length + first) * stride;
      for (let s = 0; s < stride; s++) {
        let sum = fraction / 2;
        for (let k = 0; k < weights.length; k++) sum += (weights[k] ?? 0) * (bytes[start + k * stride + s] ?? 0);
        result[(block * to + out) * stride + s] = Math.floor(sum / fraction);
      }
    });
  }
  return new Uint8Array(result.buffer);
}

/**
 * Lanczos resampling of `[b, h, w, c]` over 8-bit values, first along the width and then along the height, each rounded to bytes: the
 * numbers that Pillow gives.
 */
export function resampleLanczos({ dims, data }: Image, { width, height }: { width: number; height: number }): Image {
  const [batch = 0, oldHeight = 0, oldWidth = 0, channels = 0] = dims;
  const bytes = Uint8Array.from(data, (value) => Math.min(Math.max(Math.fround(255 * value), 0), 255));
  const wide = along(bytes, { outer: batch * oldHeight, length: oldWidth, stride: channels }, width);
  const high = along(wide, { outer: batch, length: oldHeight, stride: width * channels }, height);
  return { dims: [batch, height, width, channels], data: Float32Array.from(high, (byte) => byte / 255) };
}
