import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import { convolution, silu } from './layers.ts';
import { type Crossing, type UnetArchitecture, unetInputs } from './unet.ts';

/** A ControlNet (Zhang et al. 2023) in figures: those of the U-Net that it copies, and the channels of the layers that read its picture. */
export interface ControlNetArchitecture {
  readonly unet: UnetArchitecture;
  /** After the first layer, then after each of the pairs of which the second halves the sides. */
  readonly hint: readonly number[];
}

/** The picture `[b, 3, 8h, 8w]` at the size of the latent. */
function readHint(g: GraphBuilder, { unet, hint }: ControlNetArchitecture): Value {
  const prefix = 'controlnet_cond_embedding';
  const picture = g.input('controlnet_cond', ['batch', 3, 'picture_height', 'picture_width']);
  let channels = hint[0] ?? 0;
  let x = silu(g, convolution(g, picture, `${prefix}.conv_in`, { from: 3, to: channels, kernel: 3 }));
  hint.slice(1).forEach((to, i) => {
    x = silu(g, convolution(g, x, `${prefix}.blocks.${2 * i}`, { from: channels, to: channels, kernel: 3 }));
    x = silu(g, convolution(g, x, `${prefix}.blocks.${2 * i + 1}`, { from: channels, to, kernel: 3, stride: 2 }));
    channels = to;
  });
  return convolution(g, x, `${prefix}.conv_out`, { from: channels, to: unet.down[0]?.channels ?? 0, kernel: 3 });
}

/** Names of a ControlNet's outputs, in the order of the values that go across. */
export const downOutput = (index: number): string => `down_block_res_sample_${index}`;
export const middleOutput = 'mid_block_res_sample';

/** The ControlNet as a graph: what its U-Net reads, the picture and a strength → what is added to each value that goes across, and to the middle. */
export function controlNetGraph(control: ControlNetArchitecture, weights: Weights): GraphBuilder {
  const { unet } = control;
  const first = unet.down[0]?.channels ?? 0;
  const g = new GraphBuilder(weights);
  const { sample, builder } = unetInputs(g, unet);
  const strength = g.input('conditioning_scale', [1]);
  const shown = convolution(g, sample, 'conv_in', { from: unet.inChannels, to: first, kernel: 3 });
  const start = g.op('Add', [shown, readHint(g, control)]);
  const kept = builder.down(start);
  const middle = { value: builder.middle(kept.at(-1)?.value ?? start), channels: unet.down.at(-1)?.channels ?? 0 };
  const give = ({ value, channels }: Crossing, layer: string, name: string): void => {
    const own = convolution(g, value, layer, { from: channels, to: channels, kernel: 1 });
    g.output(name, ['batch', channels, `${name}_height`, `${name}_width`], g.op('Mul', [own, strength]));
  };
  kept.forEach((crossing, i) => {
    give(crossing, `controlnet_down_blocks.${i}`, downOutput(i));
  });
  give(middle, 'controlnet_mid_block', middleOutput);
  return g;
}
