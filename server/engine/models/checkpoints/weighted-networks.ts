import type { AttentionNetwork } from '../folder.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Weights } from '../graph/weights.ts';
import type { LoraPart } from '../loras/lora-file.ts';
import type { WeightedNetwork } from '../loras/network-part.ts';
import { clipTextGraph } from '../networks/clip-text.ts';
import { attentionOutputs, type UnetArchitecture, unetGraph, unetGraphWithAttention } from '../networks/unet.ts';
import type { Part, SafetensorsCheckpoint } from './checkpoint.ts';

/** A U-Net whose weights LoRAs may change, as a graph of one kind. */
function weightedUnet(
  place: Pick<WeightedNetwork, 'path' | 'files'>,
  { architecture, weights }: Part<UnetArchitecture>,
  { part, graph }: { part: 'unet' | 'attention'; graph: (unet: UnetArchitecture, weights: Weights) => GraphBuilder },
): WeightedNetwork {
  const build: WeightedNetwork['build'] = (changed) => graph(architecture, changed);
  return { ...place, part, parts: ['unet'], title: 'U-Net', weights, unet: architecture, figures: architecture, build };
}

/** A checkpoint's U-Net that gives its cross-attention too, which is written when it is first asked for. */
export function attentionNetwork({ path, files, unet }: SafetensorsCheckpoint): AttentionNetwork | undefined {
  if (unet === undefined) return undefined;
  const network = weightedUnet({ path, files }, unet, { part: 'attention', graph: unetGraphWithAttention });
  return { network, outputs: attentionOutputs(unet.architecture) };
}

/** The networks of a checkpoint that LoRAs may change. A lone text encoder is changed by what is for the first, and the refiner's by what is for the second too. */
export function weightedNetworks({ path, files, family, unet, encoders }: SafetensorsCheckpoint): readonly WeightedNetwork[] {
  const place = { path, files };
  const names = family === 'sdxl-refiner' ? (['text_encoder_2'] as const) : (['text_encoder', 'text_encoder_2'] as const);
  const texts = encoders.flatMap(({ architecture, weights }, i): WeightedNetwork[] => {
    const part = names[i];
    if (part === undefined) return [];
    const parts: readonly LoraPart[] = family === 'sdxl-refiner' ? ['text_encoder', 'text_encoder_2'] : [part];
    const build: WeightedNetwork['build'] = (changed) => clipTextGraph(architecture, changed);
    return [{ ...place, part, parts, title: 'text encoder', weights, figures: architecture, build }];
  });
  if (unet === undefined) return texts;
  return [weightedUnet({ path, files }, unet, { part: 'unet', graph: unetGraph }), ...texts];
}
