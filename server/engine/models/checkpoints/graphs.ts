import type { GraphBuilder } from '../graph/builder.ts';
import { clipTextGraph } from '../networks/clip-text.ts';
import { unetGraph } from '../networks/unet.ts';
import { vaeDecoderGraph, vaeEncoderGraph } from '../networks/vae.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';

/** The networks of a checkpoint, as a folder of ONNX exports names them. */
export type PartName = 'unet' | 'text_encoder' | 'text_encoder_2' | 'vae_encoder' | 'vae_decoder' | 'controlnet';

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
  if (vae !== undefined) {
    graphs.set('vae_encoder', vaeEncoderGraph(vae.architecture, vae.weights));
    graphs.set('vae_decoder', vaeDecoderGraph(vae.architecture, vae.weights));
  }
  return graphs;
}
