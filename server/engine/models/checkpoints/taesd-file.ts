import type { VaeFormat } from '../../../../nodes/kit/index.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Weight, Weights } from '../graph/weights.ts';
import { type TinyHalf, type TinyLayer, tinyDecoderGraph, tinyEncoderGraph } from '../networks/tiny-vae.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors/file.ts';
import { badFile } from '../safetensors/header.ts';
import type { GraphRequest } from './graph-cache.ts';
import type { PartName } from './graphs.ts';
import { asWeights } from './parts.ts';

/** Where the halves of a tiny autoencoder lie; both may be in one file. The encoder may be missing. */
export interface TinyVaePlace {
  readonly decoder: string;
  readonly encoder?: string | undefined;
}

interface Half {
  readonly file: SafetensorsFile;
  readonly weights: Weights;
  readonly layers: readonly TinyLayer[];
}

/** Weights of a half as `3.conv.0.weight`, from files of the author (a half each) and of diffusers (both in one). */
function halfWeights(file: SafetensorsFile, half: 'encoder' | 'decoder'): Weights {
  const all = asWeights(file.tensors);
  const own = new RegExp(`^(?:${half}\\.layers\\.|${half}\\.|taesd_${half}\\.)?(\\d+\\..*)$`);
  return new Map(
    [...all].flatMap(([key, weight]): [string, Weight][] => {
      const name = own.exec(key)?.[1];
      return name === undefined ? [] : [[name, weight]];
    }),
  );
}

function layersOf(weights: Weights): readonly TinyLayer[] {
  const prefixes = [...new Set([...weights.keys()].map((name) => name.split('.')[0] ?? ''))].toSorted((a, b) => Number(a) - Number(b));
  return prefixes.map((prefix): TinyLayer => {
    const first = weights.get(`${prefix}.conv.0.weight`);
    const shape = (first ?? weights.get(`${prefix}.weight`))?.shape ?? [];
    const kind = first !== undefined ? 'block' : weights.has(`${prefix}.bias`) ? 'convolution' : 'level';
    return { prefix, kind, from: shape[1] ?? 0, to: shape[0] ?? 0 };
  });
}

/** Reads a half; throws `bad-model` for another network. */
async function readHalf(path: string, half: 'encoder' | 'decoder'): Promise<Half> {
  const file = await openSafetensors(path);
  const weights = halfWeights(file, half);
  const layers = layersOf(weights);
  const [first, last] = half === 'decoder' ? [layers[0]?.from, layers.at(-1)?.to] : [layers.at(-1)?.to, layers[0]?.from];
  const levels = layers.filter(({ kind }) => kind === 'level').length;
  const blocks = layers.filter(({ kind }) => kind === 'block');
  if (first !== 4 || last !== 3 || levels !== 3 || blocks.length === 0 || blocks.some(({ from, to }) => from !== to))
    throw badFile(file.path, `is no ${half} of TAESD for latents of 4 channels`);
  return { file, weights, layers };
}

/** What is written for a tiny autoencoder whose latents are multiplied by `scale`. Throws `bad-model`. */
export async function tinyVaeRequest({ decoder: path, encoder: other }: TinyVaePlace, scale: number): Promise<GraphRequest> {
  const decoder = await readHalf(path, 'decoder');
  const encoder = other === undefined ? undefined : await readHalf(other, 'encoder');
  const half = ({ layers }: Half): TinyHalf => ({ layers, scale });
  return {
    path: decoder.file.path,
    files: encoder === undefined || encoder.file.path === decoder.file.path ? [decoder.file] : [decoder.file, encoder.file],
    figures: ['taesd', half(decoder), encoder && half(encoder)],
    graphs: () => {
      const graphs = new Map<PartName, GraphBuilder>([['vae_decoder', tinyDecoderGraph(half(decoder), decoder.weights)]]);
      return encoder === undefined ? graphs : graphs.set('vae_encoder', tinyEncoderGraph(half(encoder), encoder.weights));
    },
  };
}

/** How latents of such an autoencoder are laid out. */
export const tinyFormat = (scale: number): VaeFormat => ({ channels: 4, scale, downscale: 8 });
