import type { Tensor } from '../kit/index.ts';

/** Between which two source positions one output position lies, and how far on the way. */
interface Between {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

const single = Math.fround;

function positions(from: number, to: number): Between[] {
  const ratio = single(from / to);
  return Array.from({ length: to }, (_, i) => {
    const at = Math.min(Math.max(single(single(ratio * single(i + 0.5)) - 0.5), 0), from - 1);
    const first = Math.floor(at);
    return { first, second: Math.min(first + 1, from - 1), share: at - first };
  });
}

/** Two vectors' places in an array of `count` channels, `stride` apart, and where their mixture goes. */
interface Mixed {
  readonly a: number;
  readonly b: number;
  readonly to: number;
  readonly share: number;
}

/** The steps between the channels of a vector, in the source and in the result. */
interface Strides {
  readonly count: number;
  readonly source: number;
  readonly result: number;
}

/** Factors of a and b: along the great circle between their directions, at a length between theirs (Shoemake 1985). */
function factors(cosine: number, lengths: { a: number; b: number }, share: number): [number, number] {
  if (cosine > 1 - 1e-5) return [1, 0];
  if (cosine < 1e-5 - 1) return [1 - share, share];
  const angle = single(Math.acos(cosine));
  const length = lengths.a * (1 - share) + lengths.b * share;
  const part = (of: number, own: number): number => (own === 0 ? 0 : ((Math.sin(of * angle) / Math.sin(angle)) * length) / own);
  return [part(1 - share, lengths.a), part(share, lengths.b)];
}

/** The length of a vector of channels from `at` on. */
function lengthOf(source: Float32Array, at: number, { count, source: stride }: Strides): number {
  let square = 0;
  for (let c = 0; c < count; c++) square += (source[at + c * stride] ?? 0) ** 2;
  return single(Math.sqrt(square));
}

function mix(source: Float32Array, result: Float32Array, { at: { a, b, to, share }, strides }: { at: Mixed; strides: Strides }): void {
  const lengths = { a: lengthOf(source, a, strides), b: lengthOf(source, b, strides) };
  const unit = (at: number, length: number): number => (length === 0 ? 0 : single((source[at] ?? 0) / length));
  let cosine = 0;
  for (let c = 0; c < strides.count; c++) {
    const product = single(unit(a + c * strides.source, lengths.a) * unit(b + c * strides.source, lengths.b));
    cosine = single(cosine + product);
  }
  const [forA, forB] = factors(cosine, lengths, share);
  for (let c = 0; c < strides.count; c++) {
    const [x, y] = [source[a + c * strides.source] ?? 0, source[b + c * strides.source] ?? 0];
    result[to + c * strides.result] = forA * x + forB * y;
  }
}

function columnsTo({ dims, data }: Tensor, width: number): Tensor {
  const [batch = 0, channels = 0, height = 0, oldWidth = 0] = dims;
  const result = new Float32Array(batch * channels * height * width);
  const strides = { count: channels, source: height * oldWidth, result: height * width };
  const all = positions(oldWidth, width);
  for (let item = 0; item < batch; item++) {
    for (let y = 0; y < height; y++) {
      const from = (item * channels * height + y) * oldWidth;
      const to = (item * channels * height + y) * width;
      all.forEach(({ first, second, share }, x) => {
        mix(data, result, { at: { a: from + first, b: from + second, to: to + x, share }, strides });
      });
    }
  }
  return { dims: [batch, channels, height, width], data: result };
}

function rowsTo({ dims, data }: Tensor, height: number): Tensor {
  const [batch = 0, channels = 0, oldHeight = 0, width = 0] = dims;
  const result = new Float32Array(batch * channels * height * width);
  const strides = { count: channels, source: oldHeight * width, result: height * width };
  const all = positions(oldHeight, height);
  for (let item = 0; item < batch; item++) {
    const [from, to] = [item * channels * oldHeight * width, item * channels * height * width];
    all.forEach(({ first, second, share }, y) => {
      for (let x = 0; x < width; x++) {
        const at = { a: from + first * width + x, b: from + second * width + x, to: to + y * width + x, share };
        mix(data, result, { at, strides });
      }
    });
  }
  return { dims: [batch, channels, height, width], data: result };
}

/** Latents `[b, c, h, w]` to another size: bilinear, but turning each cell's vector of channels into the next instead of averaging them. */
export const bislerp = (x: Tensor, { width, height }: { width: number; height: number }): Tensor => rowsTo(columnsTo(x, width), height);
