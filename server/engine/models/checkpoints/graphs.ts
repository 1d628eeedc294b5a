import type { GraphBuilder } from '../graph/builder.ts';
import { clipTextGraph } from '../networks/clip-text.ts';
import { unetGraph } from '../networks/unet.ts';
import { type VaeArchitecture, vaeDecoderGraph, vaeEncoderGraph } from '../networks/vae.ts';
import type { Part, SafetensorsCheckpoint } from './checkpoint.ts';

/** The networks of a checkpoint, as a folder of ONNX exports names them; `attention` is the U-Net that gives its cross-attention too. */
export type PartName = 'unet' | 'text_encoder' | 'text_encoder_2' | 'vae_encoder' | 'vae_decoder' | 'controlnet' | 'attention';

const encoderNames = ['text_encoder', 'text_encoder_2'] as const;

/** Every network that a checkpoint has, as a graph. Faults of the weights are in each graph. */
export function checkpointGraphs({ family, unet, vae, encoders }: SafetensorsCheckpoint): ReadonlyMap<PartName, GraphBuilder> {
  const graphs = new Map<PartName, GraphBuilder>();
  if (unet !== undefined) graphs.set('unet', unetGraph(unet.architecture, unet.weights));
  // The refiner has only what is the second text encoder of the base model.
  const names = family === 'sdxl-refiner' ? encoderNames.slice(1) : encoderNames;
  for (const [i, { architecture, weights }] of encoders.entries()) {
    const name = names[i];
    if (name !== undefined) graphs.set(name, clipTextGraph(architecture, weights));
  }
  return vae === undefined ? graphs : new Map([...graphs, ...vaeGraphs(vae)]);
}

/** Both networks of a VAE as graphs. */
export function vaeGraphs({ architecture, weights }: Part<VaeArchitecture>): ReadonlyMap<PartName, GraphBuilder> {
  return new Map([
    ['vae_encoder', vaeEncoderGraph(architecture, weights)],
    ['vae_decoder', vaeDecoderGraph(architecture, weights)],
  ]);
}
