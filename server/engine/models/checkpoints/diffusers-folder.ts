import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GraphError } from '../../../../nodes/kit/index.ts';
import { type Family, families } from '../families.ts';
import type { Weights } from '../graph/weights.ts';
import type { ClipTextArchitecture } from '../networks/clip-text.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors/file.ts';
import { badFile } from '../safetensors/header.ts';
import { clipArchitecture, unetArchitecture, vaeArchitecture } from './architecture.ts';
import type { Part, SafetensorsCheckpoint } from './checkpoint.ts';
import { edmRange } from './edm.ts';
import { asWeights, encoderWeights, vaeWeights } from './parts.ts';

const numbers = z.union([z.int().min(1), z.array(z.int().min(1))]);
const Unet = z.object({
  norm_num_groups: z.int().min(1).default(32),
  // The older name says how wide a head is and means how many there are.
  attention_head_dim: numbers.default(8),
  num_attention_heads: numbers.nullish(),
  addition_time_embed_dim: z.int().min(2).nullish(),
});
const Vae = z.object({
  norm_num_groups: z.int().min(1).default(32),
  scaling_factor: z.number().optional(),
  latents_mean: z.array(z.number()).nullish(),
  latents_std: z.array(z.number()).nullish(),
});
const Encoder = z.object({ num_attention_heads: z.int().min(1).optional(), hidden_act: z.enum(['quick_gelu', 'gelu']).optional() });
const Scheduler = z.object({
  prediction_type: z.enum(['epsilon', 'v_prediction', 'sample']).default('epsilon'),
  rescale_betas_zero_snr: z.boolean().default(false),
  _class_name: z.string().optional(),
  sigma_min: z.number().nullish(),
  sigma_max: z.number().nullish(),
  sigma_data: z.number().nullish(),
});

async function config<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  try {
    return schema.parse(JSON.parse(text));
  } catch (thrown) {
    const reason = thrown instanceof z.ZodError ? z.prettifyError(thrown).replaceAll('\n', ' ') : String(thrown);
    throw new GraphError('bad-model', `The file ${file} is not what it should be: ${reason}. Download the model again.`, { cause: thrown });
  }
}

/** Weights of one part: one file, or several that a large one was cut into. Halves are taken only where nothing else is there. */
async function partFiles(folder: string): Promise<readonly SafetensorsFile[]> {
  const names = (await readdir(folder).catch((): string[] => [])).sort();
  const all = names.filter((name) => name.endsWith('.safetensors') && !name.includes('.non_ema.'));
  const full = all.filter((name) => !name.includes('.fp16.'));
  const chosen = full.length > 0 ? full : all;
  if (chosen.length === 0 && names.some((name) => name.endsWith('.bin')))
    throw new GraphError(
      'bad-model',
      `The folder ${folder} has its weights only as .bin, which can hold programs and is never opened here. Download the .safetensors files of the model.`,
    );
  return Promise.all(chosen.map((name) => openSafetensors(join(folder, name))));
}

const weightsOf = (files: readonly SafetensorsFile[]): Weights => new Map(files.flatMap(({ tensors }) => [...asWeights(tensors)]));

async function encoderPart(path: string, files: readonly SafetensorsFile[]): Promise<Part<ClipTextArchitecture>[]> {
  if (files.length === 0) return [];
  const { num_attention_heads: heads, hidden_act: activation } = await config(join(path, 'config.json'), Encoder);
  const encoder = encoderWeights(weightsOf(files));
  const hints = { ...(heads === undefined ? {} : { heads }), ...(activation === undefined ? {} : { activation }) };
  return [{ architecture: clipArchitecture(encoder, hints), weights: encoder.weights }];
}

function familyOf(unet: Weights, encoders: readonly Part<ClipTextArchitecture>[], context: number): Family {
  if (unet.has('add_embedding.linear_1.weight')) return encoders.length === 1 ? 'sdxl-refiner' : 'sdxl';
  // Only OpenCLIP's text encoders have the exact Gaussian activation.
  const openClip = encoders.length === 0 ? context === 1024 : encoders[0]?.architecture.activation === 'gelu';
  return openClip ? 'sd2' : 'sd1';
}

/** Reads a folder in the layout of diffusers whose weights are .safetensors. Throws `bad-model`. */
export async function readDiffusersFolder(path: string): Promise<SafetensorsCheckpoint> {
  const parts = await Promise.all(['unet', 'text_encoder', 'text_encoder_2', 'vae'].map((part) => partFiles(join(path, part))));
  const [unetFiles = [], first = [], second = [], vaeFiles = []] = parts;
  const encoders = [
    ...(await encoderPart(join(path, 'text_encoder'), first)),
    ...(await encoderPart(join(path, 'text_encoder_2'), second)),
  ];
  const unetConfig = await config(join(path, 'unet/config.json'), Unet);
  const vaeConfig = await config(join(path, 'vae/config.json'), Vae);
  const scheduler = await config(join(path, 'scheduler/scheduler_config.json'), Scheduler);
  const unet = weightsOf(unetFiles);
  if (!unet.has('conv_in.weight')) throw badFile(path, 'has no U-Net in unet/*.safetensors');
  const headList = unetConfig.num_attention_heads ?? unetConfig.attention_head_dim;
  const pooled = encoders.at(-1)?.architecture.projection;
  const architecture = unetArchitecture(unet, {
    groups: unetConfig.norm_num_groups,
    heads: (_, level) => (typeof headList === 'number' ? headList : (headList[level] ?? 1)),
    ...(unetConfig.addition_time_embed_dim == null ? {} : { sizeWidth: unetConfig.addition_time_embed_dim }),
    ...(pooled === undefined ? {} : { pooled }),
  });
  const family = familyOf(unet, encoders, architecture.context);
  const vae = vaeWeights(weightsOf(vaeFiles));
  const vaeFigures = vaeArchitecture(vae, vaeConfig.norm_num_groups);
  const range = edmRange(scheduler);
  const { latents_mean: mean, latents_std: deviation } = vaeConfig;
  return {
    path,
    files: parts.flat(),
    family,
    prediction: range?.prediction ?? scheduler.prediction_type,
    zeroSnr: scheduler.rescale_betas_zero_snr,
    ...(range === undefined ? {} : { range }),
    latent: {
      channels: vae.size === 0 ? architecture.outChannels : vaeFigures.latentChannels,
      scale: vaeConfig.scaling_factor ?? families[family].vaeScale,
      ...(mean && deviation ? { statistics: { mean, deviation } } : {}),
      downscale: vae.size === 0 ? 8 : 2 ** (vaeFigures.channels.length - 1),
    },
    unet: { architecture, weights: unet },
    ...(vae.size === 0 ? {} : { vae: { architecture: vaeFigures, weights: vae } }),
    encoders,
    tokenizer: path,
    rest: [],
  };
}
