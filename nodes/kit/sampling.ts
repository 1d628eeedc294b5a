import type { ModelSampling } from './noise-levels.ts';
import type { Tensor } from './tensor.ts';
import type { DiffusionModel, Latent, Mask } from './values.ts';

/** Noise levels of a sampling run, descending; `steps + 1` values, the last usually 0. */
export type Sigmas = Float32Array;

/** What a run is about besides x: the scaled latent that it started from, and the mask `[b, h, w]` in its cells. */
export interface Surroundings {
  readonly latent: Tensor;
  readonly mask?: Mask;
}

/** Samplers see only this: x = x₀ + σε in scaled space to the model's guess of x₀. Only inpainting networks look at what is around. */
export type Denoise = (x: Tensor, sigma: number, around?: Surroundings) => Promise<Tensor>;

/** The guided guess of x₀ and the one of the unwanted prompt alone, for samplers that step away from the latter (CFG++, Chung et al. 2024). */
export type DenoiseBoth = (
  x: Tensor,
  sigma: number,
  around?: Surroundings,
) => Promise<{ readonly denoised: Tensor; readonly unwanted: Tensor }>;

/** GUIDER on a wire: the model with its guidance. */
export interface Guider {
  readonly model: DiffusionModel;
  readonly denoise: Denoise;
  /** Absent where there is no unwanted prompt. */
  readonly denoiseBoth?: DenoiseBoth;
}

/** Draws standard normal noise; each call goes on in the stream. */
export type NoiseStream = (dims: readonly number[]) => Tensor;

/** NOISE on a wire. */
export interface Noise {
  readonly seed: bigint;
  /** The starting noise for a latent, of the same shape. */
  initial(latent: Latent): Tensor;
  /** A fresh stream of the same seed for samplers that add noise at each step. */
  stream(): NoiseStream;
  /** True for the source that adds none. */
  readonly silent: boolean;
}

/** One step of a sampler: before it x was at `sigma`; `index` counts from 0. Everything is in scaled space. */
export interface SampleStep {
  readonly index: number;
  readonly total: number;
  readonly sigma: number;
  readonly x: Tensor;
  readonly denoised: Tensor;
}

/** What a sampler is given beyond the denoiser and the latent. */
export interface SampleOptions {
  readonly sigmas: Sigmas;
  readonly noise: NoiseStream;
  readonly sampling: ModelSampling;
  /** The seed of `noise`, for samplers that draw from a Brownian path instead. */
  readonly seed: bigint;
  /** Both guesses; throws `missing-input` where there is no unwanted prompt. */
  readonly both: DenoiseBoth;
}

/** Yields each step once its denoised guess is known and returns the final x. */
export type SampleLoop = (denoise: Denoise, x: Tensor, options: SampleOptions) => AsyncGenerator<SampleStep, Tensor, void>;

/** SAMPLER on a wire. */
export interface Sampler {
  readonly name: string;
  readonly loop: SampleLoop;
  /** Fresh noise, of the next seed, for the parts of a masked latent that are kept. */
  readonly freshMaskNoise?: boolean;
}
