import { join } from 'node:path';
import { scheduleFromConfig } from '../../../../nodes/diffusion/noise-schedules.ts';
import { GraphError } from '../../../../nodes/kit/index.ts';
import { packageRoot } from '../../../files/package-root.ts';
import type { ModelFolder } from '../folder.ts';
import { previewMap } from '../preview.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';
import type { GraphFile } from './graph-cache.ts';
import type { PartName } from './graphs.ts';

/** The tokenizer that all of CLIP's text encoders share; single files bring none. */
export const sharedTokenizer = (): string => join(packageRoot(), 'models/clip');

/** The noise schedule that all of Stable Diffusion was trained with. */
const schedule = { num_train_timesteps: 1000, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };

/** A checkpoint whose graphs are written, as the same thing that a folder of ONNX exports is. Throws `bad-model` where a part is not in it. */
export function asModelFolder(name: string, checkpoint: SafetensorsCheckpoint, graphs: ReadonlyMap<PartName, GraphFile>): ModelFolder {
  const { path, latent, prediction, zeroSnr, tokenizer } = checkpoint;
  const need = (part: PartName, title: string): string => {
    const file = graphs.get(part)?.file;
    if (file !== undefined) return file;
    throw new GraphError('bad-model', `The checkpoint ${path} has no ${title}. Choose a checkpoint with U-Net, text encoder and VAE.`);
  };
  const map = previewMap(latent.channels).parse({});
  return {
    name,
    path: tokenizer ?? sharedTokenizer(),
    latent,
    schedule: scheduleFromConfig({ ...schedule, rescale_betas_zero_snr: zeroSnr }),
    prediction,
    preview: map,
    unet: need('unet', 'U-Net'),
    textEncoder: need(checkpoint.family === 'sdxl-refiner' ? 'text_encoder_2' : 'text_encoder', 'text encoder'),
    vaeDecoder: need('vae_decoder', 'VAE'),
    vaeEncoder: need('vae_encoder', 'VAE'),
    parameters: new Map([...graphs.values()].map(({ file, parameters }) => [file, parameters])),
  };
}
