import type { LatentFormat, Prediction } from '../../../../nodes/kit/index.ts';
import type { Weights } from '../graph/weights.ts';
import type { ClipTextArchitecture } from '../networks/clip-text.ts';
import type { UnetArchitecture } from '../networks/unet.ts';
import type { VaeArchitecture } from '../networks/vae.ts';
import type { SafetensorsFile } from '../safetensors/file.ts';

/** The families that can be told apart by their weights. */
export const families = {
  sd1: 'Stable Diffusion 1',
  sd2: 'Stable Diffusion 2',
  sdxl: 'Stable Diffusion XL',
  'sdxl-refiner': 'Stable Diffusion XL refiner',
} as const;
export type Family = keyof typeof families;

/** A network: its figures and where its weights lie. */
export interface Part<Architecture> {
  readonly architecture: Architecture;
  readonly weights: Weights;
}

/** A checkpoint with everything but the weights read. Parts that are not there are undefined. */
export interface SafetensorsCheckpoint {
  readonly path: string;
  readonly files: readonly SafetensorsFile[];
  readonly family: Family;
  readonly prediction: Prediction;
  /** Noise rescaled so that nothing of the picture is left at the last step. */
  readonly zeroSnr: boolean;
  readonly latent: LatentFormat;
  readonly unet?: Part<UnetArchitecture>;
  readonly vae?: Part<VaeArchitecture>;
  /** In the order in which their features are joined. */
  readonly encoders: readonly Part<ClipTextArchitecture>[];
  /** The folder whose tokenizer/ belongs to it, if it brings one. */
  readonly tokenizer?: string;
  /** Keys of the files that belong to no part. */
  readonly rest: readonly string[];
}

/** Family with what its U-Net's input says: 9 channels are an inpainting model's. */
export function titleOf({ family, unet }: Pick<SafetensorsCheckpoint, 'family' | 'unet'>): string {
  return `${families[family]}${unet?.architecture.inChannels === 9 ? ' inpainting' : ''}`;
}

/** How a family's networks are set where the files do not say. */
export const familySettings: Readonly<Record<Family, { readonly scale: number; heads(channels: number): number }>> = {
  sd1: { scale: 0.18215, heads: () => 8 },
  sd2: { scale: 0.18215, heads: (channels) => Math.max(1, Math.floor(channels / 64)) },
  sdxl: { scale: 0.13025, heads: (channels) => Math.max(1, Math.floor(channels / 64)) },
  'sdxl-refiner': { scale: 0.13025, heads: (channels) => Math.max(1, Math.floor(channels / 64)) },
};
