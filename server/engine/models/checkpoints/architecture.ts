import type { Weights } from '../graph/weights.ts';
import type { ClipTextArchitecture } from '../networks/clip-text.ts';
import type { UnetArchitecture, UnetLevel } from '../networks/unet.ts';
import type { VaeArchitecture } from '../networks/vae.ts';
import type { EncoderWeights } from './parts.ts';

const side = (weights: Weights, name: string, axis: number): number => weights.get(name)?.shape[axis] ?? 0;

/** How many of `prefix.0.…`, `prefix.1.…` have a weight that ends so. */
function count(weights: Weights, prefix: string, ending: string): number {
  let found = 0;
  while (weights.has(`${prefix}.${found}.${ending}`)) found += 1;
  return found;
}

const mostLevels = 8;

function levels(weights: Weights, side_: string, headsOf: (channels: number, level: number) => number): UnetLevel[] {
  const found: UnetLevel[] = [];
  for (let level = 0; level < mostLevels; level++) {
    const prefix = `${side_}.${level}`;
    const blocks = count(weights, `${prefix}.resnets`, 'conv1.weight');
    if (blocks === 0) break;
    const channels = side(weights, `${prefix}.resnets.0.conv1.weight`, 0);
    const depths = Array.from({ length: blocks }, (_, i) => count(weights, `${prefix}.attentions.${i}.transformer_blocks`, 'norm1.weight'));
    found.push({ channels, heads: headsOf(channels, level), depths });
  }
  return found;
}

/** What a U-Net's shapes do not say. */
export interface UnetHints {
  readonly groups?: number;
  /** Heads of attention on a level of the way down; by default as `family` has them. */
  readonly heads: (channels: number, level: number) => number;
  /** Figures that each size of a picture becomes in SDXL. */
  readonly sizeWidth?: number;
  /** Width of the pooled prompt; 1280 if nothing is known. */
  readonly pooled?: number;
}

/** A U-Net's figures from the shapes of its weights. */
export function unetArchitecture(weights: Weights, { groups = 32, heads, sizeWidth = 256, pooled = 1280 }: UnetHints): UnetArchitecture {
  const down = levels(weights, 'down_blocks', heads);
  const up = levels(weights, 'up_blocks', (channels, level) => heads(channels, down.length - 1 - level));
  const adds = weights.has('add_embedding.linear_1.weight');
  const sizes = (side(weights, 'add_embedding.linear_1.weight', 1) - pooled) / sizeWidth;
  return {
    inChannels: side(weights, 'conv_in.weight', 1),
    outChannels: side(weights, 'conv_out.weight', 0),
    groups,
    down,
    up,
    middle: count(weights, 'mid_block.attentions.0.transformer_blocks', 'norm1.weight'),
    time: side(weights, 'time_embedding.linear_1.weight', 0),
    context: contextWidth(weights),
    ...(adds ? { added: { pooled, sizes, sizeWidth } } : {}),
  };
}

/** Width of the features that a U-Net looks at. */
export const contextWidth = (weights: Weights): number => side(weights, 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', 1);

/** A VAE's figures from the shapes of its weights. */
export function vaeArchitecture(weights: Weights, groups = 32): VaeArchitecture {
  const channels: number[] = [];
  for (let level = 0; level < mostLevels; level++) {
    const found = side(weights, `encoder.down_blocks.${level}.resnets.0.conv1.weight`, 0);
    if (found > 0) channels.push(found);
  }
  return {
    latentChannels: side(weights, 'decoder.conv_in.weight', 1),
    groups,
    channels,
    encoderBlocks: count(weights, 'encoder.down_blocks.0.resnets', 'conv1.weight'),
    decoderBlocks: count(weights, 'decoder.up_blocks.0.resnets', 'conv1.weight'),
  };
}

/** What a text encoder's shapes do not say. */
export interface ClipHints {
  readonly heads?: number;
  readonly activation?: ClipTextArchitecture['activation'];
  /** Take the features before the last layer, with the last normalisation: Stable Diffusion 2 in single files. */
  readonly penultimate?: boolean;
}

/** Width of a head in all of CLIP's text encoders. */
const headWidth = 64;

/** A text encoder's figures from the shapes of its weights. */
export function clipArchitecture(
  { origin, weights }: EncoderWeights,
  { heads, activation, penultimate = false }: ClipHints = {},
): ClipTextArchitecture {
  const words = 'text_model.embeddings.token_embedding.weight';
  const width = side(weights, words, 1);
  const projection = weights.get('text_projection.weight');
  return {
    words: side(weights, words, 0),
    window: side(weights, 'text_model.embeddings.position_embedding.weight', 0),
    width,
    heads: heads ?? Math.max(1, Math.floor(width / headWidth)),
    inner: side(weights, 'text_model.encoder.layers.0.mlp.fc1.weight', 0),
    layers: count(weights, 'text_model.encoder.layers', 'mlp.fc1.weight'),
    activation: activation ?? (origin === 'open-clip' ? 'gelu' : 'quick_gelu'),
    skipped: penultimate ? 1 : 0,
    ...(projection === undefined ? {} : { projection: projection.shape[projection.transposed === true ? 1 : 0] ?? 0 }),
  };
}
