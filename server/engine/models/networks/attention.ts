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

/** Is told the mean over heads of what each of the cells looks at, `[b, 1, cells, tokens]`. */
export type HearWeights = (weights: Value) => void;

/** The same as {@link attend}, operator by operator, with softmax(q·kᵀ/√d) told. */
function attendAloud(
  g: GraphBuilder,
  [q, k, v]: readonly [Value, Value, Value],
  { width, heads, hear }: { width: number; heads: number; hear: HearWeights },
): Value {
  const inHeads = (x: Value, perm: readonly number[]): Value =>
    g.op('Transpose', [g.op('Reshape', [x, g.integers([0, -1, heads, width / heads])])], { perm: { ints: perm } });
  const scores = g.op('MatMul', [inHeads(q, [0, 2, 1, 3]), inHeads(k, [0, 2, 3, 1])]);
  const scaled = g.op('Mul', [scores, g.floats(`scale[${width}/${heads}]`, [1], [Math.sqrt(heads / width)])]);
  const weights = g.op('Softmax', [scaled], { axis: { int: -1 } });
  hear(g.op('ReduceMean', [weights, g.integers([1])], { keepdims: { int: 1 } }));
  const mixed = g.op('Transpose', [g.op('MatMul', [weights, inHeads(v, [0, 2, 1, 3])])], { perm: { ints: [0, 2, 1, 3] } });
  return g.op('Reshape', [mixed, g.integers([0, -1, width])]);
}

/** Attention of a U-Net from x to `context`, before the bias of its last layer. Its query, key and value layers have no bias. */
export function attention(
  g: GraphBuilder,
  { x, context }: { readonly x: Value; readonly context: Value },
  { prefix, size, hear }: { readonly prefix: string; readonly size: AttentionSize; readonly hear?: HearWeights | undefined },
): { readonly value: Value; readonly bias: Value } {
  const { width, heads } = size;
  const q = matrix(g, x, `${prefix}.to_q.weight`, { from: width, to: width });
  const k = matrix(g, context, `${prefix}.to_k.weight`, { from: size.context, to: width });
  const v = matrix(g, context, `${prefix}.to_v.weight`, { from: size.context, to: width });
  const mixed = hear === undefined ? attend(g, [q, k, v], { heads }) : attendAloud(g, [q, k, v], { width, heads, hear });
  return {
    value: matrix(g, mixed, `${prefix}.to_out.0.weight`, { from: width, to: width }),
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
