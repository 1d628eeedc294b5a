import type { GraphBuilder, Value } from '../graph/builder.ts';
import { linear, silu } from './layers.ts';

/** What the embedding needs to know of its U-Net. */
interface Embedded {
  readonly time: number;
  readonly added?: { readonly pooled: number; readonly sizes: number; readonly sizeWidth: number };
}

/** Numbers `[n, 1]` as cosines and sines of falling frequencies, `[n, width]` (Vaswani et al. 2017; cosines first). */
function waves(g: GraphBuilder, numbers: Value, width: number): Value {
  const half = width / 2;
  const frequencies = Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / half));
  const angles = g.op('Mul', [numbers, g.floats(`frequencies[${half}]`, [1, half], frequencies)]);
  return g.op('Concat', [g.op('Cos', [angles]), g.op('Sin', [angles])], { axis: { int: 1 } });
}

function twoLayers(g: GraphBuilder, x: Value, prefix: string, { from, to }: { from: number; to: number }): Value {
  const inner = silu(g, linear(g, x, `${prefix}.linear_1`, { from, to }));
  return linear(g, inner, `${prefix}.linear_2`, { from: to, to });
}

/** The embedding of the time step, `[1, width]`; SDXL adds that of the pooled prompt and the sizes of the picture, `[b, width]`. */
export function timeEmbedding(g: GraphBuilder, timestep: Value, { time, added }: Embedded, channels: number): Value {
  const step = waves(g, g.op('Reshape', [timestep, g.integers([-1, 1])]), channels);
  const embedded = twoLayers(g, step, 'time_embedding', { from: channels, to: time });
  if (added === undefined) return embedded;
  const { pooled, sizes, sizeWidth } = added;
  const text = g.input('text_embeds', ['batch', pooled]);
  const ids = g.input('time_ids', ['batch', sizes]);
  const wide = waves(g, g.op('Reshape', [ids, g.integers([-1, 1])]), sizeWidth);
  const flat = g.op('Reshape', [wide, g.integers([-1, sizes * sizeWidth])]);
  const joined = g.op('Concat', [text, flat], { axis: { int: 1 } });
  return g.op('Add', [embedded, twoLayers(g, joined, 'add_embedding', { from: pooled + sizes * sizeWidth, to: time })]);
}
