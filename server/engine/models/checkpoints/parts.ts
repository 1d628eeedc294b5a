import type { Weight, Weights } from '../graph/weights.ts';
import type { StoredTensor } from '../safetensors/header.ts';
import { ldmUnetNames } from './ldm-unet-names.ts';
import { vaeLevels, vaeName } from './ldm-vae-names.ts';
import { openClipWeights } from './open-clip-names.ts';

/** A text encoder's weights, and whose layout they were in: OpenCLIP's have other figures than OpenAI's. */
export interface EncoderWeights {
  readonly origin: 'transformers' | 'open-clip';
  readonly weights: Weights;
}

/** The weights of a checkpoint by part; `rest` are the keys that belong to none. */
export interface CheckpointParts {
  readonly unet: Weights;
  readonly vae: Weights;
  readonly encoders: readonly EncoderWeights[];
  readonly rest: readonly string[];
}

type Stored = ReadonlyMap<string, Weight>;

/** The weights under a prefix, without it. */
function under(weights: Stored, prefix: string): Map<string, Weight> {
  const found = new Map<string, Weight>();
  for (const [key, weight] of weights) if (key.startsWith(prefix)) found.set(key.slice(prefix.length), weight);
  return found;
}

/** Tensors with their names, as weights. */
export const asWeights = (tensors: ReadonlyMap<string, StoredTensor>): Stored =>
  new Map([...tensors].map(([key, tensor]) => [key, { ...tensor, key }]));

/** A U-Net in latent diffusion's names or in those of diffusers. */
export function unetWeights(stored: Stored): Weights {
  if (![...stored.keys()].some((key) => key.startsWith('input_blocks.'))) return stored;
  const names = ldmUnetNames([...stored.keys()]);
  return new Map(
    [...stored].flatMap(([key, weight]): [string, Weight][] => {
      const name = names.get(key);
      return name === undefined ? [] : [[name, weight]];
    }),
  );
}

/** A VAE in latent diffusion's names or in those of diffusers, new or old. */
export function vaeWeights(stored: Stored): Weights {
  const levels = vaeLevels(stored.keys());
  return new Map([...stored].map(([key, weight]) => [vaeName(key, levels), weight]));
}

/** A text encoder in the names of transformers or of OpenCLIP. */
export function encoderWeights(stored: Stored): EncoderWeights {
  if (stored.has('positional_embedding'))
    return { origin: 'open-clip', weights: new Map([...stored].flatMap(([key, weight]) => openClipWeights(key, weight))) };
  const named = [...stored].map(([key, weight]): [string, Weight] => [
    key.startsWith('text_model.') || key.startsWith('text_projection') ? key : `text_model.${key}`,
    weight,
  ]);
  return { origin: 'transformers', weights: new Map(named) };
}

/** Where text encoders lie in single files, in the order in which their features are joined. */
const encoderPrefixes = [
  'cond_stage_model.transformer.',
  'cond_stage_model.model.',
  'conditioner.embedders.0.transformer.',
  'conditioner.embedders.0.model.',
  'conditioner.embedders.1.model.',
];
const unetPrefix = 'model.diffusion_model.';
const vaePrefix = 'first_stage_model.';

/** Sorts a single-file checkpoint (latent diffusion's names) into its parts. */
export function singleFileParts(tensors: ReadonlyMap<string, StoredTensor>): CheckpointParts {
  const all = asWeights(tensors);
  const encoders = encoderPrefixes.map((prefix) => under(all, prefix)).filter(({ size }) => size > 0);
  const known = [unetPrefix, vaePrefix, ...encoderPrefixes];
  return {
    unet: unetWeights(under(all, unetPrefix)),
    vae: vaeWeights(under(all, vaePrefix)),
    encoders: encoders.map(encoderWeights),
    rest: [...all.keys()].filter((key) => !known.some((prefix) => key.startsWith(prefix))),
  };
}
