import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import { embeddingInputs } from '../text-feeds.ts';
import { biasedAttention } from './attention.ts';
import { layerNorm, linear, matrix } from './layers.ts';

/** The text encoder of CLIP (Radford et al. 2021) and OpenCLIP in figures. */
export interface ClipTextArchitecture {
  readonly words: number;
  /** Tokens of a window. */
  readonly window: number;
  readonly width: number;
  readonly heads: number;
  readonly inner: number;
  readonly layers: number;
  /** x·sigmoid(1.702·x) in OpenAI's, the exact Gaussian one in OpenCLIP's. */
  readonly activation: 'quick_gelu' | 'gelu';
  /** Layers before the end at which `last_hidden_state` is taken: 1 in Stable Diffusion 2, otherwise 0. */
  readonly skipped: number;
  /** Width of the pooled prompt where there is a projection. */
  readonly projection?: number;
}

function activate(g: GraphBuilder, x: Value, { activation }: ClipTextArchitecture): Value {
  return activation === 'gelu' ? g.op('Gelu', [x]) : g.fused('QuickGelu', [x], { alpha: { float: 1.702 } });
}

function layer(g: GraphBuilder, x: Value, clip: ClipTextArchitecture, prefix: string): Value {
  const { width, heads, inner } = clip;
  const own = `${prefix}.self_attn`;
  const names = { q: `${own}.q_proj`, k: `${own}.k_proj`, v: `${own}.v_proj`, out: `${own}.out_proj` };
  const first = layerNorm(g, x, `${prefix}.layer_norm1`, width);
  const attended = g.op('Add', [x, biasedAttention(g, first, { names, width, heads, causal: true })]);
  const second = layerNorm(g, attended, `${prefix}.layer_norm2`, width);
  const wide = activate(g, linear(g, second, `${prefix}.mlp.fc1`, { from: width, to: inner }), clip);
  return g.op('Add', [attended, linear(g, wide, `${prefix}.mlp.fc2`, { from: inner, to: width })]);
}

/** The features at the end token, the last word of the vocabulary, projected: `[b, projection]`. */
function pooled(
  g: GraphBuilder,
  { ids, states }: { ids: Value; states: Value },
  { words, width, projection = 0 }: ClipTextArchitecture,
): Value {
  const isEnd = g.op('Cast', [g.op('Equal', [ids, g.integers([words - 1])])], { to: { int: 7 } });
  const end = g.op('ArgMax', [isEnd], { axis: { int: 1 }, keepdims: { int: 1 } });
  const rows = g.op('Reshape', [states, g.integers([0, -1, width])]);
  const taken = g.op('GatherND', [rows, end], { batch_dims: { int: 1 } });
  return matrix(g, taken, 'text_projection.weight', { from: width, to: projection });
}

/** Embedded words with the rows of textual inversions (Gal et al. 2022) where the mask says so. */
function withRows(g: GraphBuilder, embedded: Value, { window, width }: ClipTextArchitecture): Value {
  const mask = g.input(embeddingInputs.mask, ['batch', window, 1]);
  const rows = g.input(embeddingInputs.rows, ['batch', window, width]);
  return g.op('Where', [g.op('Greater', [mask, g.floats('half', [1], [0.5])]), rows, embedded]);
}

/** The text encoder as a graph: token ids `[b, window]` and rows that stand in for some of them → all hidden states `[b, window, width]`, and the pooled prompt where there is a projection. */
export function clipTextGraph(clip: ClipTextArchitecture, weights: Weights): GraphBuilder {
  const { words, window, width, layers, skipped, projection } = clip;
  const g = new GraphBuilder(weights);
  const ids = g.input('input_ids', ['batch', window], 'int64');
  const embedded = g.lookUp('text_model.embeddings.token_embedding.weight', [words, width], ids);
  const states = [g.op('Add', [withRows(g, embedded, clip), g.weight('text_model.embeddings.position_embedding.weight', [window, width])])];
  for (let i = 0; i < layers; i++) states.push(layer(g, states[i] ?? ids, clip, `text_model.encoder.layers.${i}`));
  const normal = (state: Value = ids): Value => layerNorm(g, state, 'text_model.final_layer_norm', width);
  const dims = ['batch', window, width];
  g.output('last_hidden_state', dims, normal(states.at(-1 - skipped)));
  if (projection !== undefined) g.output('text_embeds', ['batch', projection], pooled(g, { ids, states: normal(states.at(-1)) }, clip));
  states.forEach((state, i) => {
    g.output(`hidden_states.${i}`, dims, state);
  });
  return g;
}
