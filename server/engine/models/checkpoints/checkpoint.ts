import type { ContinuousRange } from '../../../../nodes/diffusion/continuous-sampling.ts';
import type { LatentFormat, Prediction } from '../../../../nodes/kit/index.ts';
import { type Family, families } from '../families.ts';
import type { Weights } from '../graph/weights.ts';
import type { ClipTextArchitecture } from '../networks/clip-text.ts';
import type { UnetArchitecture } from '../networks/unet.ts';
import type { VaeArchitecture } from '../networks/vae.ts';
import type { SafetensorsFile } from '../safetensors/file.ts';

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
  /** Trained on a range of noise levels, not on steps. */
  readonly range?: ContinuousRange;
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
  return `${families[family].title}${unet?.architecture.inChannels === 9 ? ' inpainting' : ''}`;
}
