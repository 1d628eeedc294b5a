import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sizeOf, type Tensor } from '../../../nodes/kit/index.ts';
import { toHalves } from '../../../server/engine/models/half.ts';
import { floats, safetensors, type Written } from './safetensors-file.ts';

const Some = z.object({ shape: z.array(z.number()), step: z.number(), values: z.array(z.number()) });
const Encoder = z.object({ last: Some, hidden: z.array(Some), pooled: Some.optional(), penultimate: Some.optional() });
const Config = z.record(z.string(), z.unknown());
const Kind = z.object({
  parts: z.object({ unet: z.string(), vae: z.string(), encoders: z.array(z.string()) }),
  configs: z.object({ unet: Config, vae: Config, encoders: z.array(Config) }),
  results: z.object({
    encoders: z.array(Encoder),
    unet: Some,
    vae_decoder: Some,
    vae_encoder: Some,
    picture: z.object({ sigmas: z.array(z.number()), pixels: Some }).optional(),
    playground: z.object({ start: z.number(), sigmas: z.array(z.number()), pixels: Some }).optional(),
  }),
});
const Reference = z.object({
  parts: z.record(z.string(), z.record(z.string(), z.tuple([z.string(), z.array(z.number())]))),
  kinds: z.record(z.string(), Kind),
});
const Controls = z.object({
  parts: Reference.shape.parts,
  kinds: z.record(
    z.string(),
    z.object({
      down: z.array(Some),
      middle: Some,
      unet: Some,
      picture: z.object({ sigmas: z.array(z.number()), pixels: Some }).optional(),
    }),
  ),
});

/** Every n-th value of a result. */
export type SomeValues = z.infer<typeof Some>;
/** One tiny model: which lists of weights it has, and what PyTorch computes with them. */
export type TinyKind = z.infer<typeof Kind>;

/** Values of PyTorch and diffusers, made by test/reference/make_checkpoints.py. */
const reference = Reference.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../reference/checkpoints.json'), 'utf8')));

/** Values of diffusers’ ControlNets, made by test/reference/make_controlnets.py. */
const controls = Controls.parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../reference/controlnets.json'), 'utf8')));

/** What the ControlNets of a tiny model add, and what its U-Net predicts with the first of them at strength 0.7. */
export function controlled(name: string): z.infer<typeof Controls>['kinds'][string] {
  const kind = controls.kinds[name];
  if (kind === undefined) throw new Error(`no reference for ControlNets of ${name}`);
  return kind;
}

const listOf = (part: string): z.infer<typeof Reference>['parts'][string] => reference.parts[part] ?? controls.parts[part] ?? {};

/** A tiny model by name: sd15, sd21v, sdxl or inpaint. */
export function kindOf(name: string): TinyKind {
  const kind = reference.kinds[name];
  if (kind === undefined) throw new Error(`no reference for ${name}`);
  return kind;
}

/** −1 … 1 by the name, as make_checkpoints.py has them: FNV-1a, then a finaliser of MurmurHash3 for each index. */
export function uniform(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
    x ^= x >>> 16;
    x = Math.imul(x, 0x85ebca6b);
    x ^= x >>> 13;
    x = Math.imul(x, 0xc2b2ae35);
    x ^= x >>> 16;
    values[i] = (x >>> 0) / 2 ** 31 - 1;
  }
  return values;
}

/** A test input: the formula's values times 1.7, then `· factor + shift` as in float32. */
export function ramp(name: string, dims: readonly number[], { factor = 1, shift = 0 } = {}): Tensor {
  const values = uniform(name, sizeOf(dims));
  return { dims, data: Float32Array.from(values, (value) => Math.fround(Math.fround(Math.fround(value) * 1.7) * factor) + shift) };
}

function weightsOf(name: string, shape: readonly number[]): Float32Array {
  const spread = Math.sqrt(3 / shape.slice(1).reduce((product, side) => product * side, 1));
  const values = uniform(name, sizeOf(shape));
  const [factor, shift] = shape.length > 1 ? [spread, 0] : [0.1, name.endsWith('bias') ? 0 : 1];
  const weights = new Float32Array(values.length);
  for (let i = 0; i < weights.length; i++) weights[i] = factor * (values[i] ?? 0) + shift;
  return weights;
}

function transposed([rows = 0, columns = 0]: readonly number[], data: Float32Array): Float32Array {
  const result = new Float32Array(data.length);
  for (let i = 0; i < data.length; i++) result[i] = data[(i % rows) * columns + Math.floor(i / rows)] ?? 0;
  return result;
}

type Tensors = Record<string, Written>;

/** A part by diffusers' names. */
export function diffusersTensors(part: string): Tensors {
  const list = Object.entries(listOf(part));
  return Object.fromEntries(list.map(([name, [, shape]]) => [name, floats(shape, weightsOf(`${part}/${name}`, shape))]));
}

/** Puts a third of a joined weight into its place. */
function putThird(tensors: Tensors, key: string, third: { values: Float32Array; shape: readonly number[]; place: number }): void {
  const { values, shape, place } = third;
  const [rows = 0, ...rest] = shape;
  tensors[key] ??= floats([3 * rows, ...rest], new Float32Array(3 * values.length));
  tensors[key]?.data.set(new Uint8Array(values.buffer), place * 4 * values.length);
}

/** A part by the names of single files, under a prefix. */
export function singleFileTensors(part: string, prefix: string): Tensors {
  const tensors: Tensors = {};
  for (const [name, [listed, shape]] of Object.entries(listOf(part))) {
    const values = weightsOf(`${part}/${name}`, shape);
    const [key = '', place] = listed.split('#');
    if (place !== undefined) putThird(tensors, prefix + key, { values, shape, place: Number(place) });
    else if (key === 'text_projection') tensors[prefix + key] = floats(shape, transposed(shape, values));
    // Single files keep the VAE's attention as 1×1 convolutions.
    else tensors[prefix + key] = floats(/mid\.attn_1\.(q|k|v|proj_out)\.weight$/.test(key) ? [...shape, 1, 1] : shape, values);
  }
  return tensors;
}

const encoderPrefixes: Readonly<Record<string, readonly string[]>> = {
  sd15: ['cond_stage_model.transformer.'],
  inpaint: ['cond_stage_model.transformer.'],
  sd21v: ['cond_stage_model.model.'],
  sdxl: ['conditioner.embedders.0.transformer.', 'conditioner.embedders.1.model.'],
};

/** All tensors of a single-file checkpoint. */
export function singleFile(name: string): Tensors {
  const { parts } = kindOf(name);
  return {
    ...singleFileTensors(parts.unet, 'model.diffusion_model.'),
    ...singleFileTensors(parts.vae, 'first_stage_model.'),
    ...Object.assign({}, ...parts.encoders.map((part, i) => singleFileTensors(part, encoderPrefixes[name]?.[i] ?? ''))),
  };
}

/** The same tensors in another element type: the upper or nearest 16 bits of each value. */
export function inHalves(tensors: Tensors, dtype: 'F16' | 'BF16'): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([key, { shape, data }]) => {
      const values = new Float32Array(data.buffer, data.byteOffset, data.length / 4);
      const bits = dtype === 'F16' ? toHalves(values) : Uint16Array.from(new Uint32Array(values.slice().buffer), (value) => value >>> 16);
      return [key, { dtype, shape, data: new Uint8Array(bits.buffer) }];
    }),
  );
}

/** Writes a single-file checkpoint. */
export const writeSingleFile = (path: string, tensors: Tensors): Promise<void> => writeFile(path, safetensors(tensors));

const json = (folder: string, name: string, value: unknown): Promise<void> => writeFile(join(folder, name), JSON.stringify(value));

/** Writes a tiny model as a folder in the layout of diffusers; the U-Net in two files, as large ones come. */
export async function writeDiffusersFolder(path: string, name: string): Promise<void> {
  const { parts, configs } = kindOf(name);
  const folders = ['unet', 'vae', 'scheduler', ...parts.encoders.map((_, i) => (i === 0 ? 'text_encoder' : `text_encoder_${i + 1}`))];
  for (const folder of folders) await mkdir(join(path, folder), { recursive: true });
  await json(path, 'model_index.json', { _class_name: 'StableDiffusionPipeline' });
  await json(join(path, 'scheduler'), 'scheduler_config.json', { prediction_type: name === 'sd21v' ? 'v_prediction' : 'epsilon' });
  const unet = Object.entries(diffusersTensors(parts.unet));
  const half = Math.floor(unet.length / 2);
  await json(join(path, 'unet'), 'config.json', configs.unet);
  await writeSingleFile(join(path, 'unet/diffusion_pytorch_model-00001-of-00002.safetensors'), Object.fromEntries(unet.slice(0, half)));
  await writeSingleFile(join(path, 'unet/diffusion_pytorch_model-00002-of-00002.safetensors'), Object.fromEntries(unet.slice(half)));
  await json(join(path, 'vae'), 'config.json', configs.vae);
  await writeSingleFile(join(path, 'vae/diffusion_pytorch_model.safetensors'), diffusersTensors(parts.vae));
  for (const [i, part] of parts.encoders.entries()) {
    const folder = join(path, folders[3 + i] ?? '');
    await json(folder, 'config.json', configs.encoders[i]);
    await writeSingleFile(join(folder, 'model.safetensors'), diffusersTensors(part));
  }
}
