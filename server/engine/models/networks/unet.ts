import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import type { HearWeights } from './attention.ts';
import { convolution, silu } from './layers.ts';
import { normAndSilu, resnetBlock } from './resnet-block.ts';
import { timeEmbedding } from './time-embedding.ts';
import { transformer } from './transformer-block.ts';

/** One resolution of a U-Net: its channels, heads of attention, and for each residual block how many transformer blocks follow it. */
export interface UnetLevel {
  readonly channels: number;
  readonly heads: number;
  readonly depths: readonly number[];
}

/** The U-Net of Stable Diffusion (Rombach et al. 2022) in figures, finest level first. */
export interface UnetArchitecture {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly down: readonly UnetLevel[];
  /** Transformer blocks in the middle. */
  readonly middle: number;
  /** From the coarsest level. */
  readonly up: readonly UnetLevel[];
  /** Width of the time embedding. */
  readonly time: number;
  /** Width of the prompt's features. */
  readonly context: number;
  /** SDXL: width of the pooled prompt, number of sizes, and how many figures each size becomes. */
  readonly added?: { readonly pooled: number; readonly sizes: number; readonly sizeWidth: number };
}

/** A value that goes across, from the way down to the way up. */
export interface Crossing {
  readonly value: Value;
  readonly channels: number;
}

/** What all blocks read. */
interface Around {
  readonly time: Value;
  readonly context: Value;
  /** Is told what each cross-attention looks at. */
  readonly hear?: HearWeights | undefined;
}

const epsilon = 1e-5;

/** A residual block and the transformer that may follow it. */
interface BlockPlace {
  readonly prefix: string;
  readonly index: number;
  readonly from: number;
  readonly level: UnetLevel;
}

/** The blocks of a U-Net; a ControlNet has those of the way down and the middle too. */
export class UnetBuilder {
  readonly g: GraphBuilder;
  readonly #unet: UnetArchitecture;
  readonly #around: Around;

  constructor(g: GraphBuilder, unet: UnetArchitecture, around: Around) {
    this.g = g;
    this.#unet = unet;
    this.#around = around;
  }

  resnet(x: Value, prefix: string, { from, to }: { from: number; to: number }): Value {
    const { groups, time } = this.#unet;
    return resnetBlock(this.g, { x, time: this.#around.time }, { prefix, from, to, groups, epsilon, time });
  }

  transformer(x: Value, prefix: string, { level, blocks }: { level: UnetLevel; blocks: number }): Value {
    const { groups, context } = this.#unet;
    const size = { width: level.channels, context, heads: level.heads };
    const { context: prompt, hear } = this.#around;
    return blocks === 0 ? x : transformer(this.g, { x, context: prompt }, { prefix, size, blocks, groups, hear });
  }

  block(x: Value, { prefix, index, from, level }: BlockPlace): Value {
    const inner = this.resnet(x, `${prefix}.resnets.${index}`, { from, to: level.channels });
    return this.transformer(inner, `${prefix}.attentions.${index}`, { level, blocks: level.depths[index] ?? 0 });
  }

  /** From fine to coarse; gives all values that the way up takes again, with their channels. */
  down(x: Value): Crossing[] {
    const { down } = this.#unet;
    let channels = down[0]?.channels ?? 0;
    const kept = [{ value: x, channels }];
    let value = x;
    down.forEach((level, i) => {
      const prefix = `down_blocks.${i}`;
      level.depths.forEach((_, index) => {
        value = this.block(value, { prefix, index, from: channels, level });
        channels = level.channels;
        kept.push({ value, channels });
      });
      if (i === down.length - 1) return;
      value = convolution(this.g, value, `${prefix}.downsamplers.0.conv`, { from: channels, to: channels, kernel: 3, stride: 2 });
      kept.push({ value, channels });
    });
    return kept;
  }

  middle(x: Value): Value {
    const { middle, down } = this.#unet;
    const level = down.at(-1) ?? { channels: 0, heads: 1, depths: [] };
    const same = { from: level.channels, to: level.channels };
    const first = this.resnet(x, 'mid_block.resnets.0', same);
    const second = this.transformer(first, 'mid_block.attentions.0', { level, blocks: middle });
    return this.resnet(second, 'mid_block.resnets.1', same);
  }

  /** From coarse to fine; takes from `kept` what lies beside it. */
  up(x: Value, kept: Crossing[]): Value {
    const { up, down } = this.#unet;
    let channels = down.at(-1)?.channels ?? 0;
    let value = x;
    up.forEach((level, i) => {
      const prefix = `up_blocks.${i}`;
      level.depths.forEach((_, index) => {
        const beside = kept.pop() ?? { value: x, channels: 0 };
        const joined = this.g.op('Concat', [value, beside.value], { axis: { int: 1 } });
        value = this.block(joined, { prefix, index, from: channels + beside.channels, level });
        channels = level.channels;
      });
      const next = kept.at(-1);
      if (i === up.length - 1 || next === undefined) return;
      value = this.upsample(value, next.value);
      value = convolution(this.g, value, `${prefix}.upsamplers.0.conv`, { from: channels, to: channels, kernel: 3 });
    });
    return value;
  }

  /** The nearest cells, at the sides of `like`: twice as many, or one less where a side was odd. */
  upsample(x: Value, like: Value): Value {
    const items = this.g.op('Shape', [x], { start: { int: 0 }, end: { int: 2 } });
    const sides = this.g.op('Shape', [like], { start: { int: 2 }, end: { int: 4 } });
    const sizes = this.g.op('Concat', [items, sides], { axis: { int: 0 } });
    return this.g.op('Resize', [x, '', '', sizes], {
      mode: { text: 'nearest' },
      coordinate_transformation_mode: { text: 'asymmetric' },
      nearest_mode: { text: 'floor' },
    });
  }
}

/** Inputs that U-Net and ControlNet share, and the blocks that read them. */
export function unetInputs(
  g: GraphBuilder,
  unet: UnetArchitecture,
  hear?: HearWeights,
): { readonly sample: Value; readonly builder: UnetBuilder } {
  const sample = g.input('sample', ['batch', unet.inChannels, 'height', 'width']);
  const timestep = g.input('timestep', [1]);
  const context = g.input('encoder_hidden_states', ['batch', 'tokens', unet.context]);
  const time = silu(g, timeEmbedding(g, timestep, unet, unet.down[0]?.channels ?? 0));
  return { sample, builder: new UnetBuilder(g, unet, { time, context, hear }) };
}

/** Adds what a ControlNet found; a single 0 `[1, 1, 1, 1]` stands for none. */
function steered(g: GraphBuilder, x: Value, name: string): Value {
  const sides = ['batch', 'channels', 'height', 'width'].map((side) => `${name}_${side}`);
  return g.op('Add', [x, g.input(name, sides)]);
}

/** A cross-attention that a graph gives: its name, and how many cells of the latent one of its cells is wide. */
export interface AttentionOutput {
  readonly name: string;
  readonly downsample: number;
}

/** The cross-attentions of a U-Net in the order in which they run. */
export function attentionOutputs({ down, middle, up }: UnetArchitecture): readonly AttentionOutput[] {
  const coarsest = 2 ** (down.length - 1);
  const blocks = ({ depths }: UnetLevel, downsample: number): number[] =>
    depths.flatMap((depth) => new Array<number>(depth).fill(downsample));
  const factors = [
    ...down.flatMap((level, i) => blocks(level, 2 ** i)),
    ...new Array<number>(middle).fill(coarsest),
    ...up.flatMap((level, i) => blocks(level, coarsest / 2 ** i)),
  ];
  return factors.map((downsample, i) => ({ name: `attention_${i}`, downsample }));
}

/** The same U-Net with the mean over heads of each cross-attention `[b, 1, cells, tokens]` beside its prediction. */
export function unetGraphWithAttention(unet: UnetArchitecture, weights: Weights): GraphBuilder {
  const maps: Value[] = [];
  const g = unetGraph(unet, weights, (map) => maps.push(map));
  for (const [i, { name }] of attentionOutputs(unet).entries()) {
    const map = maps[i];
    if (map !== undefined) g.output(name, ['batch', 1, `${name}_cells`, 'tokens'], map);
  }
  return g;
}

/** The U-Net as a graph: sample `[b, c, h, w]`, timestep, features of the prompt, what SDXL adds and what ControlNets add → prediction `[b, c, h, w]`. */
export function unetGraph(unet: UnetArchitecture, weights: Weights, hear?: HearWeights): GraphBuilder {
  const g = new GraphBuilder(weights);
  const { sample, builder } = unetInputs(g, unet, hear);
  const start = convolution(g, sample, 'conv_in', { from: unet.inChannels, to: unet.down[0]?.channels ?? 0, kernel: 3 });
  const kept = builder.down(start);
  const middle = steered(g, builder.middle(kept.at(-1)?.value ?? start), 'mid_block_additional_residual');
  const crossing = kept.map(({ value, channels }, i) => ({ value: steered(g, value, `down_block_additional_residual_${i}`), channels }));
  const last = builder.up(middle, crossing);
  const channels = unet.up.at(-1)?.channels ?? 0;
  const normal = normAndSilu(g, last, 'conv_norm_out', { channels, groups: unet.groups, epsilon });
  const out = convolution(g, normal, 'conv_out', { from: channels, to: unet.outChannels, kernel: 3 });
  g.output('out_sample', ['batch', unet.outChannels, 'height', 'width'], out);
  return g;
}
