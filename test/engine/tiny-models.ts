import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHalves, toHalves } from '../../server/engine/models/half.ts';

const stored = join(import.meta.dirname, '../models');

const Tensor = z.object({
  name: z.string(),
  shape: z.array(z.int()),
  /** Where a tensor that is made begins in the endless list, and the power of two that its values are times. */
  start: z.int().optional(),
  exponent: z.int().optional(),
  /** Its name in a single-file checkpoint. */
  ldm: z.string().optional(),
});
const Table = z.record(z.string(), z.array(Tensor));

/** A weight of a tiny model. */
export interface TinyTensor {
  readonly name: string;
  readonly ldm: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The same list as test/reference/tiny/seeded.py draws from. */
export function drawWeights(start: number, count: number, exponent: number): Float32Array {
  const values = new Float32Array(count);
  const factor = 2 ** exponent / 256;
  for (let i = 0; i < count; i++) {
    let x = (Math.imul(start + i, 0x9e3779b1) + 0x85ebca6b) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97) >>> 0;
    x = (x ^ (x >>> 15)) >>> 0;
    values[i] = ((x >>> 23) - 255.5) * factor;
  }
  return values;
}

/** Names of the tiny models. */
export const tinyModels = ['sd15', 'sd21-v', 'sdxl', 'sdxl-refiner', 'sd15-inpaint', 'sd15-lcm'] as const;
export type TinyModel = (typeof tinyModels)[number];

/** All weights of a tiny model by part: text_encoder, text_encoder_2, unet, vae. Each value is exact in fp16. */
export async function tinyWeights(name: TinyModel): Promise<ReadonlyMap<string, readonly TinyTensor[]>> {
  const table = Table.parse(JSON.parse(await readFile(join(stored, name, 'tensors.json'), 'utf8')));
  const bytes = await readFile(join(stored, name, 'stored.bin'));
  const kept = fromHalves(new Uint16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
  let at = 0;
  const parts = Object.entries(table).map(([part, tensors]): [string, TinyTensor[]] => {
    const made = tensors.map(({ name: own, ldm = '', shape, start, exponent = 0 }) => {
      const count = shape.reduce((product, side) => product * side, 1);
      if (start !== undefined) return { name: own, ldm, shape, values: drawWeights(start, count, exponent) };
      at += count;
      return { name: own, ldm, shape, values: kept.subarray(at - count, at) };
    });
    return [part, made];
  });
  return new Map(parts);
}

/** What differs from the folder as it is kept. */
export interface FolderVariant {
  /** Which export of the U-Net stands as model.onnx. */
  readonly unet?: 'even' | 'fixed' | 'half' | 'controlled';
}

/** Writes a tiny model as an ONNX folder that an exporter could have written, below `root`. Gives the folder. */
export async function writeTinyFolder(name: TinyModel, root: string, { unet }: FolderVariant = {}): Promise<string> {
  const folder = join(root, name);
  await mkdir(root, { recursive: true });
  await cp(join(stored, name), folder, { recursive: true, filter: (file) => !/stored\.bin$|tensors\.json$/.test(file) });
  if (unet !== undefined) await cp(join(folder, `unet/${unet}.onnx`), join(folder, 'unet/model.onnx'));
  const weights = await tinyWeights(name);
  const parts = (await readdir(folder)).filter((part) => /^(unet|vae_|text_encoder)/.test(part));
  for (const part of parts) {
    const tensors = weights.get(part.startsWith('vae') ? 'vae' : part) ?? [];
    const all = new Float32Array(tensors.reduce((sum, { values }) => sum + values.length, 0));
    let at = 0;
    for (const { values } of tensors) {
      all.set(values, at);
      at += values.length;
    }
    await writeFile(join(folder, part, 'weights.bin'), unet === 'half' && part === 'unet' ? toHalves(all) : all);
  }
  return folder;
}
