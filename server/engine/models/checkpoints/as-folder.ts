import { join } from 'node:path';
import { distilledSampling, modelSampling } from '../../../../nodes/diffusion/model-sampling.ts';
import { scheduleFromConfig } from '../../../../nodes/diffusion/noise-schedules.ts';
import { GraphError } from '../../../../nodes/kit/index.ts';
import type { FolderTextEncoder, ModelFolder } from '../folder.ts';
import { families } from '../folder-family.ts';
import { type FolderNetwork, lookInto } from '../folder-networks.ts';
import type { WeightedNetwork } from '../loras/network-part.ts';
import { previewMap } from '../preview.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';
import type { GraphFile } from './graph-cache.ts';
import type { PartName } from './graphs.ts';
import { weightedNetworks } from './weighted-networks.ts';

/** The noise schedule that all of Stable Diffusion was trained with. */
const schedule = { num_train_timesteps: 1000, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };

const encoderParts = ['text_encoder', 'text_encoder_2'] as const;

/** A checkpoint whose graphs are written, as the same thing that a folder of ONNX exports is. Throws `bad-model` where a part is not in it. */
export async function asModelFolder(
  name: string,
  checkpoint: SafetensorsCheckpoint,
  graphs: ReadonlyMap<PartName, GraphFile>,
): Promise<ModelFolder> {
  const { path, family, latent, prediction, zeroSnr, tokenizer } = checkpoint;
  const need = async (part: PartName, title: string): Promise<FolderNetwork> => {
    const file = graphs.get(part)?.file;
    if (file !== undefined) return lookInto(file);
    throw new GraphError('bad-model', `The checkpoint ${path} has no ${title}. Choose a checkpoint with U-Net, text encoder and VAE.`);
  };
  const encoder = async (part: (typeof encoderParts)[number], index: number): Promise<FolderTextEncoder> => ({
    network: await need(part, 'text encoder'),
    // Graphs of ours give every layer, and of Stable Diffusion 2 the last but one normalised.
    layers: { missingLayers: 0, normalisedLayer: family === 'sd2' ? 2 : 1 },
    tokenizer: tokenizer && join(tokenizer, part.replace('text_encoder', 'tokenizer')),
    pad: families[family].pads[index] ?? families[family].pads[0],
  });
  const used = encoderParts.filter((_, index) => family === 'sdxl' || index === (family === 'sdxl-refiner' ? 1 : 0));
  const noise = scheduleFromConfig({ ...schedule, rescale_betas_zero_snr: zeroSnr });
  return {
    name,
    path,
    family,
    latent,
    sampling: prediction === 'lcm' ? distilledSampling(noise) : modelSampling(noise, prediction),
    preview: previewMap(latent.channels).parse({}),
    unet: await need('unet', 'U-Net'),
    unetConfig: { layers_per_block: 2, attention_outputs: [] },
    textEncoders: await Promise.all(used.map((part) => encoder(part, encoderParts.indexOf(part)))),
    vaeDecoder: await need('vae_decoder', 'VAE'),
    vaeEncoder: await need('vae_encoder', 'VAE'),
    parameters: new Map([...graphs.values()].map(({ file, parameters }) => [file, parameters])),
    weighted: new Map(
      weightedNetworks(checkpoint).flatMap((network): [string, WeightedNetwork][] => {
        const file = graphs.get(network.part)?.file;
        return file === undefined ? [] : [[file, network]];
      }),
    ),
  };
}
