import { combine, type Latent, type Tensor } from '../kit/index.ts';
import { requireChannels } from './composite.ts';
import { inForm } from './noisy-latents.ts';
import { repeatTo } from './planes.ts';
import { type ScaledSize, scaledPlanes } from './scaled-planes.ts';

/** The second of two latents for the first: its noise in the same form, its size the same by `method` with the sides cut to shape. */
export function sizedTo(first: Latent, second: Latent, method: ScaledSize['method'] = 'bilinear'): Tensor {
  const { samples } = first.noise === undefined ? second : inForm(second, first.noise.form);
  requireChannels(first.samples, samples);
  const [, , height = 0, width = 0] = first.samples.dims;
  const fits = samples.dims[2] === height && samples.dims[3] === width;
  return fits ? samples : scaledPlanes(samples, { width, height, method, crop: 'center' });
}

/** {@link sizedTo}, with as many items as the first. */
export const matched = (first: Latent, second: Latent, method?: ScaledSize['method']): Tensor =>
  repeatTo(sizedTo(first, second, method), first.samples.dims[0] ?? 0);

/** a·first + b·second; all but the samples is the first's. */
export const latentSum = ([a, first]: readonly [number, Latent], [b, second]: readonly [number, Latent]): Latent => ({
  ...first,
  samples: combine(a, first.samples, b, matched(first, second)),
});

/** Lengths of the vectors of channels, `[b, h·w]`. */
function cellLengths({ dims: [batch = 0, channels = 0, height = 0, width = 0], data }: Tensor): Float32Array {
  const area = height * width;
  const squares = new Float32Array(batch * area);
  for (let i = 0; i < data.length; i++) {
    const cell = Math.floor(i / (channels * area)) * area + (i % area);
    squares[cell] = (squares[cell] ?? 0) + (data[i] ?? 0) ** 2;
  }
  return squares.map(Math.sqrt);
}

const direction = (value: number, length: number): number => (length === 0 ? 0 : value / length);

/** `ratio` of the first and the rest of the second: directions and lengths of each cell's channels are mixed apart, so that none grow short. */
export function interpolated(first: Latent, second: Latent, ratio: number): Latent {
  const a = first.samples;
  const b = matched(first, second);
  const [, channels = 0, height = 0, width = 0] = a.dims;
  const area = height * width;
  const [lengthsA, lengthsB] = [cellLengths(a), cellLengths(b)];
  const cellOf = (i: number): number => Math.floor(i / (channels * area)) * area + (i % area);
  const mixed = a.data.map((value, i) => {
    const cell = cellOf(i);
    return direction(value, lengthsA[cell] ?? 0) * ratio + direction(b.data[i] ?? 0, lengthsB[cell] ?? 0) * (1 - ratio);
  });
  const lengths = cellLengths({ dims: a.dims, data: mixed });
  const data = mixed.map((value, i) => {
    const cell = cellOf(i);
    const wanted = (lengthsA[cell] ?? 0) * ratio + (lengthsB[cell] ?? 0) * (1 - ratio);
    return direction(value, lengths[cell] ?? 0) * wanted;
  });
  return { ...first, samples: { dims: a.dims, data } };
}
