import { sizeOf, type Tensor } from '../kit/index.ts';

/** What goes into one run of the network: x of each prompt `[b, c, h, w]`, the factor that it takes there, and the channels beside it. */
export interface NetworkParts {
  readonly shown: readonly Tensor[];
  readonly factor: number;
  readonly extra: readonly Tensor[];
}

const dimsOf = ({ shown: [first], extra: [beside], ...parts }: NetworkParts & { count: number }): readonly number[] => {
  const [batch = 0, channels = 0, height = 0, width = 0] = first?.dims ?? [];
  return [parts.count * batch, channels + (beside?.dims[1] ?? 0), height, width];
};

/** The parts as one batch, factor·x with the channels beside it, written into `reused` if that has the size: it is read only while the network runs. */
export function networkBatch(parts: NetworkParts, reused?: Tensor): Tensor {
  const { shown, factor, extra } = parts;
  const dims = dimsOf({ ...parts, count: shown.length });
  const target = reused?.data.length === sizeOf(dims) ? reused : { dims, data: new Float32Array(sizeOf(dims)) };
  const { data } = target;
  let to = 0;
  for (const [index, x] of shown.entries()) {
    const beside = extra[index];
    const items = x.dims[0] ?? 0;
    const [own, other] = [x.data.length / items, (beside?.data.length ?? 0) / items];
    for (let item = 0; item < items; item++) {
      for (let i = 0; i < own; i++) data[to + i] = factor * (x.data[item * own + i] ?? 0);
      if (beside !== undefined) data.set(beside.data.subarray(item * other, (item + 1) * other), to + own);
      to += own + other;
    }
  }
  return target;
}
