import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import { GraphError, type LatentFormat, type NoiseSchedule, type Prediction } from '../../../nodes/kit/index.ts';
import type { ModelLocation } from './list.ts';
import { type PreviewMap, previewMap } from './preview.ts';

const Scheduler = z.object({
  num_train_timesteps: z.int().min(1).max(100_000).default(1000),
  beta_start: z.number().default(0.00085),
  beta_end: z.number().default(0.012),
  beta_schedule: z.string().default('scaled_linear'),
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample']).default('epsilon'),
});
const Vae = z.object({
  latent_channels: z.int().min(1).default(4),
  scaling_factor: z.number().default(0.18215),
  block_out_channels: z.array(z.number()).default([128, 256, 512, 512]),
});

const Unet = z.object({
  attention_outputs: z.array(z.object({ name: z.string(), downsample: z.int().min(1).max(64) })).default([]),
});

/** A second export of the U-Net that also gives its cross-attention, and which outputs that is. */
export interface AttentionExport {
  readonly file: string;
  readonly outputs: readonly { readonly name: string; readonly downsample: number }[];
}

/** What a folder says of itself. Files are absolute paths; parts that only some uses need may be missing. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  readonly latent: LatentFormat;
  readonly schedule: NoiseSchedule;
  readonly prediction: Prediction;
  readonly preview: PreviewMap;
  readonly unet: string;
  readonly attention?: AttentionExport;
  readonly textEncoder: string;
  readonly vaeDecoder: string;
  readonly vaeEncoder: string;
  /** How many numbers the weights of a network are, by its file, where they do not lie in that file. */
  readonly parameters?: ReadonlyMap<string, number>;
}

async function json<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return '{}';
    throw new GraphError('bad-model', `The file ${file} cannot be read: ${thrown.message}.`, { cause: thrown });
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown).replaceAll('\n', ' ') : String(thrown);
    throw new GraphError('bad-model', `The file ${file} is not what it should be: ${reason}. Download or export the model again.`, {
      cause: thrown,
    });
  }
}

async function network(folder: string, part: string): Promise<string> {
  const file = join(folder, part, 'model.onnx');
  const size = await stat(file).then(
    (found) => (found.isFile() ? found.size : undefined),
    () => undefined,
  );
  if (size === undefined)
    throw new GraphError('bad-model', `The model folder ${folder} has no ${part}/model.onnx. Export the model again with all its parts.`);
  if (size === 0) throw new GraphError('bad-model', `The file ${file} is empty. Download or export the model again.`);
  return file;
}

async function attentionExport(folder: string): Promise<AttentionExport | undefined> {
  const file = join(folder, 'unet/attention.onnx');
  const { attention_outputs: outputs } = await json(join(folder, 'unet/config.json'), Unet);
  const there = await stat(file).then(
    (found) => found.isFile() && found.size > 0,
    () => false,
  );
  return there && outputs.length > 0 ? { file, outputs } : undefined;
}

/** Reads everything but the weights of a diffusers ONNX folder; what a config does not say is as in Stable Diffusion 1. Throws `bad-model`. */
export async function readModelFolder({ name, path }: Pick<ModelLocation, 'name' | 'path'>): Promise<ModelFolder> {
  const scheduler = await json(join(path, 'scheduler/scheduler_config.json'), Scheduler);
  const vae = await json(join(path, 'vae_decoder/config.json'), Vae);
  const [unet, textEncoder, vaeDecoder] = await Promise.all(['unet', 'text_encoder', 'vae_decoder'].map((part) => network(path, part)));
  if (unet === undefined || textEncoder === undefined || vaeDecoder === undefined)
    throw new GraphError('internal', 'A model has three parts.');
  const latent = { channels: vae.latent_channels, scale: vae.scaling_factor, downscale: 2 ** (vae.block_out_channels.length - 1) };
  const attention = await attentionExport(path);
  return {
    name,
    path,
    latent,
    schedule: scheduleFromConfig(scheduler),
    prediction: scheduler.prediction_type,
    preview: await json(join(path, 'preview.json'), previewMap(latent.channels)),
    unet,
    ...(attention === undefined ? {} : { attention }),
    textEncoder,
    vaeDecoder,
    vaeEncoder: join(path, 'vae_encoder/model.onnx'),
  };
}
