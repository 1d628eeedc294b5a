import type { Prediction } from '../../../../nodes/kit/index.ts';
import { families } from '../families.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import { type LoraPart, readLora } from '../loras/lora-file.ts';
import { controlNetGraph } from '../networks/controlnet.ts';
import { familyOfPart } from '../part-families.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors/file.ts';
import { type SafetensorsCheckpoint, titleOf } from './checkpoint.ts';
import { looksLikeControlNet, readControlNet } from './controlnet-file.ts';
import { checkpointGraphs, vaeGraphs } from './graphs.ts';
import { readEncoderFiles, readUnetFile, readVaeFile } from './part-file.ts';
import { readCheckpoint } from './read.ts';

/** One part of a checkpoint, for people. */
export interface InspectedPart {
  readonly name: string;
  readonly tensors: number;
  readonly parameters: number;
  readonly bytes: number;
  /** How many tensors of each element type. */
  readonly types: Readonly<Record<string, number>>;
}

/** What a checkpoint holds. */
export interface Inspection {
  readonly path: string;
  readonly family: string;
  /** What its U-Net gives; a ControlNet has none. */
  readonly prediction?: Prediction;
  readonly bytes: number;
  readonly parts: readonly InspectedPart[];
  /** Weights that a network needs and the file has not, by the names of diffusers. */
  readonly missing: readonly string[];
  /** Weights that do not fit, in words. */
  readonly wrong: readonly string[];
  /** Keys of the file that nothing uses. */
  readonly unexpected: readonly string[];
}

function partOf(name: string, weights: Weights): InspectedPart {
  const types: Record<string, number> = {};
  let parameters = 0;
  let bytes = 0;
  for (const weight of weights.values()) {
    types[weight.type] = (types[weight.type] ?? 0) + 1;
    parameters += weight.shape.reduce((product, side) => product * side, 1);
    bytes += weight.bytes;
  }
  return { name, tensors: weights.size, parameters, bytes, types };
}

/** Keys that files carry and no network needs: counters, what follows from the architecture, and what says how the model was trained. */
const harmless =
  /(^|\.)(position_ids|logit_scale|attn_mask|num_batches_tracked)$|^(v_pred|ztsnr|edm_mean|edm_std|edm_vpred\.sigma_(min|max))$/;

function unusedKeys(files: readonly SafetensorsFile[], graphs: readonly GraphBuilder[]): string[] {
  const used = new Set(graphs.flatMap((graph) => [...graph.usedKeys]));
  const all = files.flatMap(({ tensors }) => [...tensors.keys()]);
  return all.filter((key) => !used.has(key) && !harmless.test(key));
}

/** What is wrong with networks, and which keys of the files they leave. */
function findings(
  files: readonly SafetensorsFile[],
  graphs: ReadonlyMap<string, GraphBuilder>,
): Pick<Inspection, 'missing' | 'wrong' | 'unexpected'> {
  const faults = [...graphs].map(([part, { faults: found }]) => ({ part, ...found }));
  return {
    missing: faults.flatMap(({ part, missing }) => missing.map((name) => `${part}: ${name}`)),
    wrong: faults.flatMap(({ wrong }) => wrong),
    unexpected: unusedKeys(files, [...graphs.values()]),
  };
}

async function inspectControlNet(path: string): Promise<Inspection> {
  const { file, family, architecture, weights } = await readControlNet(path);
  return {
    path: file.path,
    family: `ControlNet for ${families[family].title}`,
    bytes: file.bytes,
    parts: [partOf('ControlNet', weights)],
    ...findings([file], new Map([['controlnet', controlNetGraph(architecture, weights)]])),
  };
}

/** Networks of a checkpoint, or those of them that a file of a part holds. */
function inspectNetworks(checkpoint: SafetensorsCheckpoint, family = titleOf(checkpoint)): Inspection {
  const { path, files, prediction, unet, vae, encoders } = checkpoint;
  return {
    path,
    family,
    ...(unet === undefined ? {} : { prediction }),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    parts: [
      ...(unet === undefined ? [] : [partOf('U-Net', unet.weights)]),
      ...encoders.map(({ weights }, i) => partOf(`text encoder${encoders.length > 1 ? ` ${i + 1}` : ''}`, weights)),
      ...(vae === undefined ? [] : [partOf('VAE', vae.weights)]),
    ],
    ...findings(files, checkpointGraphs(checkpoint)),
  };
}

async function inspectVae(path: string): Promise<Inspection> {
  const { file, vae } = await readVaeFile(path);
  return {
    path: file.path,
    family: `VAE for ${(await familyOfPart('vae', path)) ?? 'a family that the file does not name'}`,
    bytes: file.bytes,
    parts: [partOf('VAE', vae.weights)],
    ...findings([file], vaeGraphs(vae)),
  };
}

const loraParts: Readonly<Record<LoraPart, string>> = { unet: 'U-Net', text_encoder: 'text encoder', text_encoder_2: 'text encoder 2' };

async function inspectLora(path: string): Promise<Inspection> {
  const { file, layers, unknown } = await readLora(path);
  const weightsOf = (part: LoraPart): Weights =>
    new Map(
      layers
        .filter((layer) => layer.part === part)
        .flatMap(({ up, down, mid }) => [up, down, ...(mid === undefined ? [] : [mid])].map((weight) => [weight.key, weight])),
    );
  const parts = (['unet', 'text_encoder', 'text_encoder_2'] as const).map((part) => partOf(loraParts[part], weightsOf(part)));
  return {
    path: file.path,
    family: `LoRA for ${(await familyOfPart('loras', path)) ?? 'an unknown family'}`,
    bytes: file.bytes,
    parts: parts.filter(({ tensors }) => tensors > 0),
    missing: [],
    wrong: [],
    unexpected: unknown,
  };
}

const inspectEncoder = async (path: string): Promise<Inspection> =>
  inspectNetworks(await readEncoderFiles([path]), (await familyOfPart('clip', path)) ?? 'Text encoder');

/** How files of single parts are looked into, one after the other until one fits. */
const inspectors = [async (path: string) => inspectNetworks(await readUnetFile(path)), inspectLora, inspectVae, inspectEncoder];

/**
 * Looks into a checkpoint, a folder of diffusers, or a file of a part of them (ControlNet, U-Net, VAE, text encoder, LoRA) without reading a weight. Throws
 * `bad-model` for a broken file and for what is none of them.
 */
export async function inspectModel(location: { readonly path: string; readonly kind: string }): Promise<Inspection> {
  const { path, kind } = location;
  const single = kind === 'single-file';
  const keys = single ? [...(await openSafetensors(path)).tensors.keys()] : [];
  if (looksLikeControlNet(keys)) return inspectControlNet(path);
  try {
    return inspectNetworks(await readCheckpoint(location));
  } catch (thrown) {
    if (!single) throw thrown;
    for (const inspect of inspectors) {
      const found = await inspect(path).catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw thrown;
  }
}
