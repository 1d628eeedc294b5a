import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import { convolution } from './layers.ts';
import { twice } from './vae.ts';

/** A layer of a tiny autoencoder's half, in order: a residual block, or a convolution between levels (without a bias), at the beginning or at the end. */
export interface TinyLayer {
  readonly prefix: string;
  readonly kind: 'block' | 'convolution' | 'level';
  readonly from: number;
  readonly to: number;
}

/** One half of a tiny autoencoder (TAESD, Ollin Boer Bohan 2023) in figures. `scale` leads from latents to those that it works on. */
export interface TinyHalf {
  readonly layers: readonly TinyLayer[];
  readonly scale: number;
}

/** A convolution without a bias, 3×3. */
function plainConvolution(g: GraphBuilder, x: Value, { prefix, from, to }: TinyLayer, stride: number): Value {
  return g.op('Conv', [x, g.weight(`${prefix}.weight`, [to, from, 3, 3])], {
    kernel_shape: { ints: [3, 3] },
    strides: { ints: [stride, stride] },
    pads: { ints: [1, 1, 1, 1] },
  });
}

const relu = (g: GraphBuilder, x: Value): Value => g.op('Relu', [x]);

function block(g: GraphBuilder, x: Value, { prefix, from, to }: TinyLayer): Value {
  const inner = (value: Value, index: number, size: { from: number; to: number }): Value =>
    convolution(g, value, `${prefix}.conv.${index}`, { ...size, kernel: 3 });
  const same = { from: to, to };
  const branch = inner(relu(g, inner(relu(g, inner(x, 0, { from, to })), 2, same)), 4, same);
  return relu(g, g.op('Add', [branch, x]));
}

function layer(g: GraphBuilder, x: Value, { layer: one, level }: { layer: TinyLayer; level: (value: Value) => Value }): Value {
  if (one.kind === 'block') return block(g, x, one);
  return one.kind === 'level' ? level(x) : convolution(g, x, one.prefix, { from: one.from, to: one.to, kernel: 3 });
}

/** The decoder as a graph: latents `[b, c, h, w]` → picture `[b, 3, 8h, 8w]`, −1…1. */
export function tinyDecoderGraph({ layers, scale }: TinyHalf, weights: Weights): GraphBuilder {
  const g = new GraphBuilder(weights);
  const factor = (value: number): Value => g.floats(`factor[${value}]`, [1], [value]);
  const latent = g.input('latent_sample', ['batch', layers[0]?.from ?? 0, 'height', 'width']);
  let x = g.op('Mul', [g.op('Tanh', [g.op('Mul', [latent, factor(scale / 3)])]), factor(3)]);
  layers.forEach((one, i) => {
    x = layer(g, x, { layer: one, level: (value) => plainConvolution(g, twice(g, value), one, 1) });
    if (i === 0) x = relu(g, x);
  });
  const picture = g.op('Sub', [g.op('Mul', [x, factor(2)]), factor(1)]);
  g.output('sample', ['batch', 3, 'picture_height', 'picture_width'], picture);
  return g;
}

/** The encoder as a graph: picture `[b, 3, h, w]`, −1…1 → latents `[b, c, h/8, w/8]`. */
export function tinyEncoderGraph({ layers, scale }: TinyHalf, weights: Weights): GraphBuilder {
  const g = new GraphBuilder(weights);
  const factor = (value: number): Value => g.floats(`factor[${value}]`, [1], [value]);
  const picture = g.input('sample', ['batch', 3, 'picture_height', 'picture_width']);
  let x = g.op('Mul', [g.op('Add', [picture, factor(1)]), factor(0.5)]);
  for (const one of layers) x = layer(g, x, { layer: one, level: (value) => plainConvolution(g, value, one, 2) });
  g.output('latents', ['batch', layers.at(-1)?.to ?? 0, 'height', 'width'], g.op('Mul', [x, factor(1 / scale)]));
  return g;
}
