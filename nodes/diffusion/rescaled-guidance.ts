import { combine, type GuessPair, scale, sliceBatch, type Tensor } from '../kit/index.ts';

/** Standard deviation over n − 1 of all values of an item. */
function spreadOf({ data }: Tensor): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(data.length - 1, 1));
}

/** Item by item `a·factorₖ`. */
function scaledItems(x: Tensor, factor: (item: Tensor, index: number) => number): Tensor {
  const data = Float32Array.from(x.data);
  const size = data.length / (x.dims[0] ?? 1);
  for (let index = 0; index < (x.dims[0] ?? 0); index++) {
    const by = factor(sliceBatch(x, index, 1), index);
    for (let i = index * size; i < (index + 1) * size; i++) data[i] = (data[i] ?? 0) * by;
  }
  return { dims: x.dims, data };
}

/** Guidance on v whose spread is brought back to that of the wanted guess (Lin et al. 2024, eqs. 15 and 16); `amount` 0…1. */
export const rescaledJoin =
  (amount: number) =>
  ({ x, sigma, cfg, wanted, unwanted }: GuessPair): Tensor => {
    const variance = sigma * sigma + 1;
    const shrunk = scale(x, 1 / variance);
    const velocity = (denoised: Tensor): Tensor => combine(Math.sqrt(variance) / sigma, shrunk, -Math.sqrt(variance) / sigma, denoised);
    const towards = velocity(wanted);
    const guided = combine(cfg, towards, 1 - cfg, velocity(unwanted));
    const final = scaledItems(guided, (item, index) => {
      const spread = spreadOf(item);
      return 1 - amount + (spread > 0 ? (amount * spreadOf(sliceBatch(towards, index, 1))) / spread : amount);
    });
    return combine(1, shrunk, -sigma / Math.sqrt(variance), final);
  };
