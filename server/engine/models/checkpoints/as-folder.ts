import { join } from 'node:path';
import { edmSampling } from '../../../../nodes/diffusion/continuous-sampling.ts';
import { distilledSampling, modelSampling } from '../../../../nodes/diffusion/model-sampling.ts';
import { scheduleFromConfig } from '../../../../nodes/diffusion/noise-schedules.ts';
import { GraphError } from '../../../../nodes/kit/index.ts';
import { families } from '../families.ts';
import type { FolderTextEncoder, ModelFolder, UnetFolder } from '../folder.ts';
import { type FolderNetwork, lookInto } from '../folder-networks.ts';
import type { WeightedNetwork } from '../loras/network-part.ts';
import { previewMap } from '../preview.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';
import { type GraphFile, parametersOf } from './graph-cache.ts';
import type { PartName } from './graphs.ts';
import { attentionNetwork, weightedNetworks } from './weighted-networks.ts';

/** The noise schedule that all of Stable Diffusion was trained with. */
const schedule = { num_train_timesteps: 1000, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' };

const encoderParts = ['text_encoder', 'text_encoder_2'] as const;

type Graphs = ReadonlyMap<PartName, GraphFile>;

async function need(
  { path }: SafetensorsCheckpoint,
  graphs: Graphs,
  { part, title }: { part: PartName; title: string },
): Promise<FolderNetwork> {
  const file = graphs.get(part)?.file;
  if (file !== undefined) return lookInto(file);
  throw new GraphError(
    'bad-model',
    `The checkpoint ${path} has no ${title}. Choose a checkpoint with U-Net, text encoder and VAE, or load that part from a file of its own.`,
  );
}

/** OpenCLIP's H as it was trained; folders of Stable Diffusion 2 leave out its last layer. */
const wholeTower = 24;

function layersOf({ family, encoders }: SafetensorsCheckpoint, index: number): FolderTextEncoder['layers'] {
  const { skipped = 0, layers = 0 } = encoders[index]?.architecture ?? {};
  const missingLayers = family === 'sd2' && skipped === 0 && layers !== wholeTower ? 1 : 0;
  return { missingLayers, normalisedLayer: 1 + missingLayers + skipped };
}

/** Text encoders of a checkpoint whose graphs are written. Throws `bad-model` where one is not in it. */
export function encodersOf(checkpoint: SafetensorsCheckpoint, graphs: Graphs): Promise<readonly FolderTextEncoder[]> {
  const { family, tokenizer } = checkpoint;
  const used = encoderParts.filter((_, index) => family === 'sdxl' || index === (family === 'sdxl-refiner' ? 1 : 0));
  return Promise.all(
    used.map(async (part, place) => {
      const index = encoderParts.indexOf(part);
      return {
        network: await need(checkpoint, graphs, { part, title: 'text encoder' }),
        layers: layersOf(checkpoint, place),
        tokenizer: tokenizer && join(tokenizer, part.replace('text_encoder', 'tokenizer')),
        pad: families[family].pads[index] ?? families[family].pads[0],
      };
    }),
  );
}

/** Networks of a checkpoint whose weights can be changed, by the files of their graphs. */
export function weightedOf(checkpoint: SafetensorsCheckpoint, graphs: Graphs): ReadonlyMap<string, WeightedNetwork> {
  const networks = weightedNetworks(checkpoint).flatMap((network): [string, WeightedNetwork][] => {
    const file = graphs.get(network.part)?.file;
    return file === undefined ? [] : [[file, network]];
  });
  return new Map(networks);
}

/** What MODEL is made of, but for the prompts' side. */
export async function unetOf(name: string, checkpoint: SafetensorsCheckpoint, graphs: Graphs): Promise<UnetFolder> {
  const { latent, prediction, zeroSnr, range } = checkpoint;
  const attention = attentionNetwork(checkpoint);
  const noise = scheduleFromConfig({ ...schedule, rescale_betas_zero_snr: zeroSnr });
  return {
    name,
    latent,
    sampling: range !== undefined ? edmSampling(range) : prediction === 'lcm' ? distilledSampling(noise) : modelSampling(noise, prediction),
    preview: previewMap(latent.channels).parse({}),
    unet: await need(checkpoint, graphs, { part: 'unet', title: 'U-Net' }),
    unetConfig: { layers_per_block: 2, attention_outputs: [] },
    ...(attention === undefined ? {} : { attentionNetwork: attention }),
  };
}

/** A checkpoint whose graphs are written, as the same thing that a folder of ONNX exports is. Throws `bad-model` where a part is not in it. */
export async function asModelFolder(name: string, checkpoint: SafetensorsCheckpoint, graphs: Graphs): Promise<ModelFolder> {
  return {
    ...(await unetOf(name, checkpoint, graphs)),
    path: checkpoint.path,
    family: checkpoint.family,
    textEncoders: await encodersOf(checkpoint, graphs),
    vaeDecoder: await need(checkpoint, graphs, { part: 'vae_decoder', title: 'VAE' }),
    vaeEncoder: await need(checkpoint, graphs, { part: 'vae_encoder', title: 'VAE' }),
    parameters: parametersOf(graphs),
    weighted: weightedOf(checkpoint, graphs),
  };
}
