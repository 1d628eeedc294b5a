import { concatBatch, type Latent, type Noise, type NoiseStream, type Tensor, zeros } from '../kit/index.ts';
import { torchNormal } from './random.ts';

/** Item by item out of one stream: the k-th item of the batch gets draw number `index[k]`, from 0. */
function drawsAt(stream: NoiseStream, [, ...rest]: readonly number[], index: readonly number[]): Tensor {
  const drawn = Array.from({ length: Math.max(...index) + 1 }, () => stream([1, ...rest]));
  return concatBatch(index.flatMap((place) => drawn[place] ?? []));
}

/** The starting noise of a seed for a latent: one draw over the whole batch, as `torch.randn` gives it on the CPU, or by its items' places. */
const startingNoise = (seed: bigint, { samples, batchIndex }: Latent): Tensor =>
  batchIndex === undefined ? torchNormal(seed)(samples.dims) : drawsAt(torchNormal(seed), samples.dims, batchIndex);

/** Noise of a seed; streams start anew from the seed. */
export const seededNoise = (seed: bigint): Noise => ({
  seed,
  silent: false,
  initial: (latent) => startingNoise(seed, latent),
  stream: () => torchNormal(seed),
});

/** Adds nothing at the start; samplers that add noise at each step draw from the seed. */
export const silentNoise = (seed: bigint): Noise => ({
  seed,
  silent: true,
  initial: ({ samples }) => zeros(samples.dims),
  stream: () => torchNormal(seed),
});

/** {@link silentNoise} of seed 0. */
export const noNoise: Noise = silentNoise(0n);
