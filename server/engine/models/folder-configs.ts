import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { distilledSampling, modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { scheduleFromConfig, scheduleOf } from '../../../nodes/diffusion/noise-schedules.ts';
import { GraphError, type LatentFormat, type ModelSampling } from '../../../nodes/kit/index.ts';
import { type Family, families } from './families.ts';
import { fixedSide } from './folder-family.ts';
import type { NetworkOutline } from './network-outline.ts';

const Scheduler = z.object({
  _class_name: z.string().default(''),
  num_train_timesteps: z.int().min(1).max(100_000).default(1000),
  beta_start: z.number().default(0.00085),
  beta_end: z.number().default(0.012),
  beta_schedule: z.string().default('scaled_linear'),
  trained_betas: z.array(z.number().gt(0).lt(1)).min(1).nullish(),
  rescale_betas_zero_snr: z.boolean().optional(),
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample']).optional(),
});

const Vae = z.object({
  latent_channels: z.int().min(1).default(4),
  scaling_factor: z.number().optional(),
  shift_factor: z.number().nullish(),
  block_out_channels: z.array(z.number()).default([128, 256, 512, 512]),
});

const Unet = z.object({
  sample_size: z.union([z.number(), z.array(z.number())]).nullish(),
  layers_per_block: z.union([z.int().min(1), z.array(z.int().min(1))]).default(2),
  attention_outputs: z.array(z.object({ name: z.string(), downsample: z.int().min(1).max(64) })).default([]),
});

const Text = z.object({ num_hidden_layers: z.int().min(1).optional() });

/** What unet/config.json says, as far as it matters here. */
export type UnetConfig = z.infer<typeof Unet>;

/** Reads a JSON file; an absent one is `{}`. Throws `bad-model`. */
export async function readConfig<T>(file: string, schema: z.ZodType<T>): Promise<T> {
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

/** The U-Net's own config. */
export const unetConfig = (folder: string): Promise<UnetConfig> => readConfig(join(folder, 'unet/config.json'), Unet);

/** How many layers a text encoder was exported with, where its config says so. */
export const textLayers = async (folder: string, part: string): Promise<number | undefined> =>
  (await readConfig(join(folder, part, 'config.json'), Text)).num_hidden_layers;

/** What is to be known before the training noise is. */
export interface SamplingContext {
  readonly family: Family;
  readonly unet: NetworkOutline;
  readonly config: UnetConfig;
}

/** Cells along a side of what Stable Diffusion 2's velocity model was trained on. */
const velocitySide = 96;

/** Timesteps and noise levels, from the scheduler's config or as the family has them. */
export async function folderSampling(folder: string, { family, unet, config }: SamplingContext): Promise<ModelSampling> {
  const scheduler = await readConfig(join(folder, 'scheduler/scheduler_config.json'), Scheduler);
  const { trained_betas: betas } = scheduler;
  const schedule = betas ? scheduleOf('trained', Float64Array.from(betas)) : scheduleFromConfig(scheduler);
  const distilled = scheduler._class_name === 'LCMScheduler' || unet.inputs.some(({ name }) => name === 'timestep_cond');
  if (distilled) return distilledSampling(schedule);
  const usual = family === 'sd2' && config.sample_size === velocitySide ? 'v_prediction' : 'epsilon';
  return modelSampling(schedule, scheduler.prediction_type ?? usual);
}

/** How latents are laid out, from the VAE's config in any of its folders, or as the family has them. */
export async function folderLatent(folder: string, family: Family, decoder: NetworkOutline): Promise<LatentFormat> {
  const files = ['vae_decoder', 'vae_encoder', 'vae'].map((part) => join(folder, part, 'config.json'));
  const configs = await Promise.all(files.map((file) => readConfig(file, z.record(z.string(), z.unknown()))));
  const known = configs.findIndex((config) => Object.keys(config).length > 0);
  const vae = await readConfig(files[Math.max(known, 0)] ?? '', Vae);
  return {
    channels: fixedSide(decoder, decoder.inputs[0]?.name ?? '', 1) ?? vae.latent_channels,
    scale: vae.scaling_factor ?? families[family].vaeScale,
    downscale: 2 ** (vae.block_out_channels.length - 1),
    ...(vae.shift_factor ? { shift: vae.shift_factor } : {}),
  };
}
