import type { Prediction } from '../../../../nodes/kit/index.ts';
import { families } from '../families.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import { controlNetGraph } from '../networks/controlnet.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors/file.ts';
import { titleOf } from './checkpoint.ts';
import { looksLikeControlNet, readControlNet } from './controlnet-file.ts';
import { checkpointGraphs } from './graphs.ts';
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

/** Keys that files carry and no network needs: counters, and what follows from the architecture. */
const harmless = /(^|\.)(position_ids|logit_scale|attn_mask|num_batches_tracked)$/;

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

/** Looks into a ControlNet, a checkpoint or a folder of diffusers without reading a weight. Throws `bad-model` for a broken file and for what is neither. */
export async function inspectModel(location: { readonly path: string; readonly kind: string }): Promise<Inspection> {
  const keys = location.kind === 'single-file' ? [...(await openSafetensors(location.path)).tensors.keys()] : [];
  return looksLikeControlNet(keys) ? inspectControlNet(location.path) : inspectCheckpoint(location);
}

/** Looks into a checkpoint without reading a weight. Throws `bad-model` for a broken file and for what is no Stable Diffusion. */
async function inspectCheckpoint(location: { readonly path: string; readonly kind: string }): Promise<Inspection> {
  const checkpoint = await readCheckpoint(location);
  const graphs = checkpointGraphs(checkpoint);
  const { path, files, prediction, unet, vae, encoders } = checkpoint;
  return {
    path,
    family: titleOf(checkpoint),
    prediction,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    parts: [
      ...(unet === undefined ? [] : [partOf('U-Net', unet.weights)]),
      ...encoders.map(({ weights }, i) => partOf(`text encoder${encoders.length > 1 ? ` ${i + 1}` : ''}`, weights)),
      ...(vae === undefined ? [] : [partOf('VAE', vae.weights)]),
    ],
    ...findings(files, graphs),
  };
}
