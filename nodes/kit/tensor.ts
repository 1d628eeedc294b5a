import { GraphError } from './errors.ts';

/** A dense float32 array, row-major. Never mutated once shared: the preview may read it while the next step runs. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** Number of elements of a shape. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Wraps `data`; throws `size-mismatch` if its length is not the product of `dims`. */
export function tensor(dims: readonly number[], data: Float32Array): Tensor {
  if (data.length !== sizeOf(dims)) {
    throw new GraphError('size-mismatch', `A tensor of shape [${dims.join(', ')}] needs ${sizeOf(dims)} values, got ${data.length}.`);
  }
  return { dims, data };
}

/** A tensor of zeros. */
export function zeros(dims: readonly number[]): Tensor {
  return { dims, data: new Float32Array(sizeOf(dims)) };
}

/** True when none is NaN or infinite. By index, as this is done at each step: an iterator takes seven times as long. */
export function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] ?? 0) - (data[i] ?? 0);
  return sum === 0;
}

/** True when both have the same shape. */
export function sameShape(a: Tensor, b: Tensor): boolean {
  return a.dims.length === b.dims.length && a.dims.every((dim, i) => dim === b.dims[i]);
}

/** `a·x + b·y`, elementwise; throws `size-mismatch` on different shapes. */
export function combine(a: number, x: Tensor, b: number, y: Tensor): Tensor {
  if (!sameShape(x, y)) {
    throw new GraphError('size-mismatch', `Cannot combine shapes [${x.dims.join(', ')}] and [${y.dims.join(', ')}].`);
  }
  const data = new Float32Array(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = a * (x.data[i] ?? 0) + b * (y.data[i] ?? 0);
  return { dims: x.dims, data };
}

/** A factor and what it multiplies. */
export type Term = readonly [factor: number, x: Tensor];

/** Σ factor·x, elementwise and in one pass for up to four terms; throws `size-mismatch` on different shapes. */
export function weightedSum(...terms: readonly Term[]): Tensor {
  const [first, second, third, fourth, ...more] = terms;
  if (first === undefined) throw new GraphError('internal', 'Cannot add an empty list of tensors.');
  const [a, { dims, data: x }] = first;
  if (second === undefined) return scale(first[1], a);
  const wrong = terms.find(([, other]) => !sameShape(first[1], other));
  if (wrong !== undefined) {
    throw new GraphError('size-mismatch', `Cannot combine shapes [${dims.join(', ')}] and [${wrong[1].dims.join(', ')}].`);
  }
  const [b, { data: y }] = second;
  const [c, { data: z }] = third ?? [0, first[1]];
  const [d, { data: w }] = fourth ?? [0, first[1]];
  const data = new Float32Array(x.length);
  if (third === undefined) for (let i = 0; i < data.length; i++) data[i] = a * (x[i] ?? 0) + b * (y[i] ?? 0);
  else for (let i = 0; i < data.length; i++) data[i] = a * (x[i] ?? 0) + b * (y[i] ?? 0) + c * (z[i] ?? 0) + d * (w[i] ?? 0);
  return more.length === 0 ? { dims, data } : weightedSum([1, { dims, data }], ...more);
}

/** `factor·x + offset`, elementwise. */
export function scale(x: Tensor, factor: number, offset = 0): Tensor {
  const data = new Float32Array(x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = factor * (x.data[i] ?? 0) + offset;
  return { dims: x.dims, data };
}

/** Joins along the first axis; throws `size-mismatch` if the other axes differ. */
export function concatBatch(parts: readonly Tensor[]): Tensor {
  const first = parts[0];
  if (first === undefined) throw new GraphError('internal', 'Cannot join an empty list of tensors.');
  const rest = first.dims.slice(1);
  if (parts.some((part) => part.dims.slice(1).join() !== rest.join())) {
    throw new GraphError('size-mismatch', `Cannot batch shapes ${parts.map((part) => `[${part.dims.join(', ')}]`).join(' and ')}.`);
  }
  const batch = parts.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0);
  const data = new Float32Array(batch * sizeOf(rest));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { dims: [batch, ...rest], data };
}

/** Items `start … start+count−1` of the first axis, as a view on the same memory. */
export function sliceBatch(x: Tensor, start: number, count: number): Tensor {
  const rest = x.dims.slice(1);
  const stride = sizeOf(rest);
  return { dims: [count, ...rest], data: x.data.subarray(start * stride, (start + count) * stride) };
}
