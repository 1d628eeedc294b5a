import type { GraphBuilder, Value } from '../graph/builder.ts';
import { linear, matrix } from './layers.ts';

/** How an attention layer is set: its own width, that of what it looks at, and how many heads share the former. */
export interface AttentionSize {
  readonly width: number;
  readonly context: number;
  readonly heads: number;
}

/** softmax(q·kᵀ/√d)·v in heads (Vaswani et al. 2017) of `[b, tokens, width]`: one operator of the runtime. */
export const attend = (g: GraphBuilder, [q, k, v]: readonly [Value, Value, Value], options: { heads: number; causal?: boolean }): Value =>
  g.fused('MultiHeadAttention', [q, k, v], {
    num_heads: { int: options.heads },
    ...(options.causal === true ? { unidirectional: { int: 1 } } : {}),
  });

/** Attention of a U-Net from x to `context`, before the bias of its last layer. Its query, key and value layers have no bias. */
export function attention(
  g: GraphBuilder,
  { x, context }: { readonly x: Value; readonly context: Value },
  { prefix, size }: { readonly prefix: string; readonly size: AttentionSize },
): { readonly value: Value; readonly bias: Value } {
  const { width, heads } = size;
  const q = matrix(g, x, `${prefix}.to_q.weight`, { from: width, to: width });
  const k = matrix(g, context, `${prefix}.to_k.weight`, { from: size.context, to: width });
  const v = matrix(g, context, `${prefix}.to_v.weight`, { from: size.context, to: width });
  return {
    value: matrix(g, attend(g, [q, k, v], { heads }), `${prefix}.to_out.0.weight`, { from: width, to: width }),
    bias: g.weight(`${prefix}.to_out.0.bias`, [width]),
  };
}

/** Names of the four layers of a self-attention that all have a bias. */
export interface BiasedNames {
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly out: string;
}

/** Self-attention whose four layers have a bias each: that of text encoders and of VAEs. */
export function biasedAttention(
  g: GraphBuilder,
  x: Value,
  { names, width, heads, causal = false }: { names: BiasedNames; width: number; heads: number; causal?: boolean },
): Value {
  const size = { from: width, to: width };
  const parts = [linear(g, x, names.q, size), linear(g, x, names.k, size), linear(g, x, names.v, size)] as const;
  return linear(g, attend(g, parts, { heads, causal }), names.out, size);
}
