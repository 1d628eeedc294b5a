import type { GraphBuilder, Value } from '../graph/builder.ts';
import { type AttentionSize, attention, type HearWeights } from './attention.ts';
import { addAndNorm, groupNorm, layerNorm, linear } from './layers.ts';

/** The gated feed-forward layer a·gelu(b) (GEGLU, Shazeer 2020); a and b are the halves of one weight. */
function feedForward(g: GraphBuilder, x: Value, prefix: string, width: number): Value {
  const inner = 4 * width;
  const half = (start: number): Value =>
    g.fused('FusedMatMul', [x, g.weight(`${prefix}.net.0.proj.weight`, [inner, width], { start, of: 2 * inner })], { transB: { int: 1 } });
  const bias = (start: number): Value => g.weight(`${prefix}.net.0.proj.bias`, [inner], { start, of: 2 * inner });
  const gate = g.fused('BiasGelu', [half(inner), bias(inner)]);
  const gated = g.op('Mul', [g.op('Add', [half(0), bias(0)]), gate]);
  return linear(g, gated, `${prefix}.net.2`, { from: inner, to: width });
}

/** Self-attention, attention to the prompt, feed-forward; each normalised before and added after. Tokens are `[b, tokens, width]`. */
function transformerBlock(
  g: GraphBuilder,
  { x, context }: { x: Value; context: Value },
  block: { prefix: string; size: AttentionSize; hear: HearWeights | undefined },
): Value {
  const { prefix, size, hear } = block;
  const { width } = size;
  const first = layerNorm(g, x, `${prefix}.norm1`, width);
  const self = attention(g, { x: first, context: first }, { prefix: `${prefix}.attn1`, size: { ...size, context: width } });
  const second = addAndNorm(g, { x, branch: self }, { prefix: `${prefix}.norm2`, width });
  const cross = attention(g, { x: second.normal, context }, { prefix: `${prefix}.attn2`, size, hear });
  const third = addAndNorm(g, { x: second.sum, branch: cross }, { prefix: `${prefix}.norm3`, width });
  return g.op('Add', [third.sum, feedForward(g, third.normal, `${prefix}.ff`, width)]);
}

/** How a stack of transformer blocks is set. */
export interface TransformerSettings {
  readonly prefix: string;
  readonly size: AttentionSize;
  readonly blocks: number;
  readonly groups: number;
  /** Is told what each block's cross-attention looks at. */
  readonly hear?: HearWeights | undefined;
}

/** Transformer blocks over the cells of `[b, c, h, w]`, added to it. The layers before and after the blocks are 1×1 convolutions or matrices: the same numbers. */
export function transformer(
  g: GraphBuilder,
  { x, context }: { x: Value; context: Value },
  { prefix, size, blocks, groups, hear }: TransformerSettings,
): Value {
  const { width } = size;
  const same = { from: width, to: width };
  const normal = groupNorm(g, x, `${prefix}.norm`, { channels: width, groups, epsilon: 1e-6 });
  const cells = g.op('Transpose', [g.op('Reshape', [normal, g.integers([0, width, -1])])], { perm: { ints: [0, 2, 1] } });
  let tokens = linear(g, cells, `${prefix}.proj_in`, same);
  for (let i = 0; i < blocks; i++)
    tokens = transformerBlock(g, { x: tokens, context }, { prefix: `${prefix}.transformer_blocks.${i}`, size, hear });
  const out = g.op('Transpose', [linear(g, tokens, `${prefix}.proj_out`, same)], { perm: { ints: [0, 2, 1] } });
  return g.op('Add', [g.op('Reshape', [out, g.op('Shape', [x])]), x]);
}
