import type { GraphBuilder, Value } from '../graph/builder.ts';
import { convolution, type GroupNormSettings, groupNorm, linear, silu } from './layers.ts';

/** How a residual block is set. `time` is the width of the time embedding; VAEs have none. */
export interface ResnetSettings {
  readonly prefix: string;
  readonly from: number;
  readonly to: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly time?: number;
}

/** Group normalisation and SiLU, as before every convolution. */
export const normAndSilu = (g: GraphBuilder, x: Value, prefix: string, settings: GroupNormSettings): Value =>
  silu(g, groupNorm(g, x, prefix, settings));

/** Two convolutions and a way around them (He et al. 2016). `time` is the embedding of the time step after SiLU, `[1 or b, width]`. */
export function resnetBlock(g: GraphBuilder, { x, time }: { x: Value; time?: Value }, settings: ResnetSettings): Value {
  const { prefix, from, to, groups, epsilon } = settings;
  const first = normAndSilu(g, x, `${prefix}.norm1`, { channels: from, groups, epsilon });
  let inner = convolution(g, first, `${prefix}.conv1`, { from, to, kernel: 3 });
  if (time !== undefined) {
    const shift = linear(g, time, `${prefix}.time_emb_proj`, { from: settings.time ?? 0, to });
    inner = g.op('Add', [inner, g.op('Unsqueeze', [shift, g.integers([2, 3])])]);
  }
  const second = normAndSilu(g, inner, `${prefix}.norm2`, { channels: to, groups, epsilon });
  const around = g.has(`${prefix}.conv_shortcut.weight`) ? convolution(g, x, `${prefix}.conv_shortcut`, { from, to, kernel: 1 }) : x;
  return g.op('Add', [around, convolution(g, second, `${prefix}.conv2`, { from: to, to, kernel: 3 })]);
}
