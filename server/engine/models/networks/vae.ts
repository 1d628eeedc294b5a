import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import { biasedAttention } from './attention.ts';
import { convolution, groupNorm } from './layers.ts';
import { normAndSilu, resnetBlock } from './resnet-block.ts';

/** The autoencoder of latent diffusion (Esser et al. 2021, Rombach et al. 2022) in figures, finest level first. */
export interface VaeArchitecture {
  readonly latentChannels: number;
  readonly groups: number;
  readonly channels: readonly number[];
  /** Residual blocks of a level of the encoder; of the decoder. */
  readonly encoderBlocks: number;
  readonly decoderBlocks: number;
}

const epsilon = 1e-6;

/** Attention of all cells to each other in one head, added to `[b, c, h, w]`. */
function attentionBlock(g: GraphBuilder, x: Value, { prefix, width, groups }: { prefix: string; width: number; groups: number }): Value {
  const normal = groupNorm(g, x, `${prefix}.group_norm`, { channels: width, groups, epsilon });
  const cells = g.op('Transpose', [g.op('Reshape', [normal, g.integers([0, width, -1])])], { perm: { ints: [0, 2, 1] } });
  const names = { q: `${prefix}.to_q`, k: `${prefix}.to_k`, v: `${prefix}.to_v`, out: `${prefix}.to_out.0` };
  const attended = g.op('Transpose', [biasedAttention(g, cells, { names, width, heads: 1 })], { perm: { ints: [0, 2, 1] } });
  return g.op('Add', [g.op('Reshape', [attended, g.op('Shape', [x])]), x]);
}

function middle(g: GraphBuilder, x: Value, { prefix, width, groups }: { prefix: string; width: number; groups: number }): Value {
  const block = (inner: Value, index: number): Value =>
    resnetBlock(g, { x: inner }, { prefix: `${prefix}.resnets.${index}`, from: width, to: width, groups, epsilon });
  return block(attentionBlock(g, block(x, 0), { prefix: `${prefix}.attentions.0`, width, groups }), 1);
}

/** The encoder as a graph: picture `[b, 3, h, w]`, −1…1 → mean and log variance `[b, 2c, h/8, w/8]`. */
export function vaeEncoderGraph(vae: VaeArchitecture, weights: Weights): GraphBuilder {
  const { channels: all, latentChannels, groups, encoderBlocks } = vae;
  const g = new GraphBuilder(weights);
  const sample = g.input('sample', ['batch', 3, 'picture_height', 'picture_width']);
  let channels = all[0] ?? 0;
  let x = convolution(g, sample, 'encoder.conv_in', { from: 3, to: channels, kernel: 3 });
  all.forEach((to, level) => {
    const prefix = `encoder.down_blocks.${level}`;
    for (let i = 0; i < encoderBlocks; i++) {
      x = resnetBlock(g, { x }, { prefix: `${prefix}.resnets.${i}`, from: channels, to, groups, epsilon });
      channels = to;
    }
    if (level < all.length - 1)
      x = convolution(g, x, `${prefix}.downsamplers.0.conv`, { from: to, to, kernel: 3, stride: 2, pads: [0, 0, 1, 1] });
  });
  x = middle(g, x, { prefix: 'encoder.mid_block', width: channels, groups });
  x = normAndSilu(g, x, 'encoder.conv_norm_out', { channels, groups, epsilon });
  const both = 2 * latentChannels;
  x = convolution(g, x, 'encoder.conv_out', { from: channels, to: both, kernel: 3 });
  g.output('latent_parameters', ['batch', both, 'height', 'width'], convolution(g, x, 'quant_conv', { from: both, to: both, kernel: 1 }));
  return g;
}

/** The decoder as a graph: latents `[b, c, h, w]` → picture `[b, 3, 8h, 8w]`, −1…1. */
export function vaeDecoderGraph(vae: VaeArchitecture, weights: Weights): GraphBuilder {
  const { latentChannels, groups, decoderBlocks } = vae;
  const all = vae.channels.toReversed();
  const g = new GraphBuilder(weights);
  const latent = g.input('latent_sample', ['batch', latentChannels, 'height', 'width']);
  const same = { from: latentChannels, to: latentChannels };
  let channels = all[0] ?? 0;
  let x = convolution(g, convolution(g, latent, 'post_quant_conv', { ...same, kernel: 1 }), 'decoder.conv_in', {
    from: latentChannels,
    to: channels,
    kernel: 3,
  });
  x = middle(g, x, { prefix: 'decoder.mid_block', width: channels, groups });
  all.forEach((to, level) => {
    const prefix = `decoder.up_blocks.${level}`;
    for (let i = 0; i < decoderBlocks; i++) {
      x = resnetBlock(g, { x }, { prefix: `${prefix}.resnets.${i}`, from: channels, to, groups, epsilon });
      channels = to;
    }
    if (level === all.length - 1) return;
    x = convolution(g, twice(g, x), `${prefix}.upsamplers.0.conv`, { from: to, to, kernel: 3 });
  });
  x = normAndSilu(g, x, 'decoder.conv_norm_out', { channels, groups, epsilon });
  x = convolution(g, x, 'decoder.conv_out', { from: channels, to: 3, kernel: 3 });
  g.output('sample', ['batch', 3, 'picture_height', 'picture_width'], x);
  return g;
}

/** `[b, c, h, w]` → `[b, c, 2h, 2w]`: each cell four times. */
export const twice = (g: GraphBuilder, x: Value): Value =>
  g.op('Resize', [x, '', g.floats('twice', [4], [1, 1, 2, 2])], {
    mode: { text: 'nearest' },
    coordinate_transformation_mode: { text: 'asymmetric' },
    nearest_mode: { text: 'floor' },
  });
