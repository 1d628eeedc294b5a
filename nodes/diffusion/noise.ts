import { type Noise, zeros } from '../kit/index.ts';
import { torchNormal } from './random.ts';

/** Noise of a seed: one draw over the whole batch, as `torch.randn` gives it on the CPU; streams start anew from the seed. */
export const seededNoise = (seed: bigint): Noise => ({
  seed,
  silent: false,
  initial: ({ samples }) => torchNormal(seed)(samples.dims),
  stream: () => torchNormal(seed),
});

/** Adds nothing at the start; samplers that add noise at each step draw from seed 0. */
export const noNoise: Noise = {
  seed: 0n,
  silent: true,
  initial: ({ samples }) => zeros(samples.dims),
  stream: () => torchNormal(0n),
};
