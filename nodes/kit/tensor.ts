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
