import type { GraphBuilder, Value } from '../graph/builder.ts';

/** Sides of a layer. */
export interface LayerSize {
  readonly from: number;
  readonly to: number;
}

/** x·Wᵀ without a bias, over the last axis. */
export function matrix(g: GraphBuilder, x: Value, name: string, { from, to }: LayerSize): Value {
  if (g.isTransposed(name)) return g.op('MatMul', [x, g.weight(name, [from, to])]);
  return g.fused('FusedMatMul', [x, g.weight(name, [to, from])], { transB: { int: 1 } });
}

/** x·Wᵀ + b over the last axis. */
export const linear = (g: GraphBuilder, x: Value, prefix: string, size: LayerSize): Value =>
  g.op('Add', [matrix(g, x, `${prefix}.weight`, size), g.weight(`${prefix}.bias`, [size.to])]);

/** A convolution with a square kernel; zeros around it keep the sides as they are unless `pads` (top, left, bottom, right) or `stride` say otherwise. */
export interface ConvolutionSize extends LayerSize {
  readonly kernel: 1 | 3;
  readonly stride?: number;
  readonly pads?: readonly number[];
}

/** A convolution `[b, c, h, w]`. */
export function convolution(g: GraphBuilder, x: Value, prefix: string, { from, to, kernel, stride = 1, pads }: ConvolutionSize): Value {
  const border = (kernel - 1) / 2;
  return g.op('Conv', [x, g.weight(`${prefix}.weight`, [to, from, kernel, kernel]), g.weight(`${prefix}.bias`, [to])], {
    kernel_shape: { ints: [kernel, kernel] },
    strides: { ints: [stride, stride] },
    pads: { ints: pads ?? [border, border, border, border] },
  });
}

/** x·sigmoid(x), as one operator of the runtime. */
export const silu = (g: GraphBuilder, x: Value): Value => g.fused('QuickGelu', [x], { alpha: { float: 1 } });

/** How a group normalisation is set. */
export interface GroupNormSettings {
  readonly channels: number;
  readonly groups: number;
  readonly epsilon: number;
}

/** Group normalisation (Wu & He 2018) of `[b, c, h, w]`: instances of groups, then a factor and a shift for each channel. */
export function groupNorm(g: GraphBuilder, x: Value, prefix: string, { channels, groups, epsilon }: GroupNormSettings): Value {
  const ones = g.floats(`ones[${groups}]`, [groups], new Float32Array(groups).fill(1));
  const zeros = g.floats(`zeros[${groups}]`, [groups], new Float32Array(groups));
  const grouped = g.op('Reshape', [x, g.integers([0, groups, -1])]);
  const normal = g.op('InstanceNormalization', [grouped, ones, zeros], { epsilon: { float: epsilon } });
  const back = g.op('Reshape', [normal, g.op('Shape', [x])]);
  const scaled = g.op('Mul', [back, g.weight(`${prefix}.weight`, [channels, 1, 1])]);
  return g.op('Add', [scaled, g.weight(`${prefix}.bias`, [channels, 1, 1])]);
}

const layerNormEpsilon = { float: 1e-5 };

/** Layer normalisation over the last axis (Ba et al. 2016). */
export const layerNorm = (g: GraphBuilder, x: Value, prefix: string, width: number): Value =>
  g.op('LayerNormalization', [x, g.weight(`${prefix}.weight`, [width]), g.weight(`${prefix}.bias`, [width])], {
    axis: { int: -1 },
    epsilon: layerNormEpsilon,
  });

/** A branch of a residual network before its last bias, with that bias. */
export interface Branch {
  readonly value: Value;
  readonly bias: Value;
}

/** x + branch + bias, and the layer normalisation of it: one operator of the runtime. */
export function addAndNorm(
  g: GraphBuilder,
  { x, branch }: { readonly x: Value; readonly branch: Branch },
  { prefix, width }: { readonly prefix: string; readonly width: number },
): { readonly sum: Value; readonly normal: Value } {
  const inputs = [branch.value, x, g.weight(`${prefix}.weight`, [width]), g.weight(`${prefix}.bias`, [width]), branch.bias];
  const [normal, sum] = g.fusedWithFourth('SkipLayerNormalization', inputs, { epsilon: layerNormEpsilon });
  return { sum, normal };
}
