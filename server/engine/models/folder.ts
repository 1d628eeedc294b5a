import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LatentFormat, ModelSampling } from '../../../nodes/kit/index.ts';
import { type Family, families } from './families.ts';
import { folderLatent, folderSampling, readConfig, textLayers, type UnetConfig, unetConfig } from './folder-configs.ts';
import { familyOf } from './folder-family.ts';
import { type FolderNetwork, lookInto, optionalNetwork, requiredNetwork } from './folder-networks.ts';
import type { ModelLocation } from './list.ts';
import type { WeightedNetwork } from './loras/network-part.ts';
import { type PreviewMap, previewMap } from './preview.ts';
import type { ExportedLayers } from './text-features.ts';

/** A second export of the U-Net that also gives its cross-attention, and which outputs that is. */
export interface AttentionExport {
  readonly file: string;
  readonly outputs: readonly { readonly name: string; readonly downsample: number }[];
}

/** A text encoder of a folder. */
export interface FolderTextEncoder {
  readonly network: FolderNetwork;
  readonly layers: ExportedLayers;
  /** Where its tokenizer is looked for, and the token that fills up a prompt where that does not say. */
  readonly tokenizer: string | undefined;
  readonly pad: string;
}

/** A U-Net that gives its cross-attention too, to be built from weights; its outputs in order. */
export interface AttentionNetwork {
  readonly network: WeightedNetwork;
  readonly outputs: AttentionExport['outputs'];
}

/** What a folder says of itself. Files are absolute paths; parts that only some uses need may be missing. */
export interface ModelFolder {
  readonly name: string;
  readonly path: string;
  readonly family: Family;
  readonly latent: LatentFormat;
  readonly sampling: ModelSampling;
  readonly preview: PreviewMap;
  readonly unet: FolderNetwork;
  readonly unetConfig: UnetConfig;
  readonly attention?: AttentionExport;
  readonly attentionNetwork?: AttentionNetwork;
  /** One, or two whose features are put side by side. */
  readonly textEncoders: readonly FolderTextEncoder[];
  readonly vaeDecoder: FolderNetwork;
  readonly vaeEncoder: FolderNetwork | undefined;
  /** How many numbers the weights of a network are, by its file, where they do not lie in that file. */
  readonly parameters?: ReadonlyMap<string, number>;
  /** Networks whose weights can be changed, by their file. */
  readonly weighted?: ReadonlyMap<string, WeightedNetwork>;
}

/** What of a folder MODEL is made of. */
export type UnetFolder = Pick<
  ModelFolder,
  'name' | 'latent' | 'sampling' | 'preview' | 'unet' | 'unetConfig' | 'attention' | 'attentionNetwork'
>;

async function attentionExport(folder: string, { attention_outputs: outputs }: UnetConfig): Promise<AttentionExport | undefined> {
  const file = join(folder, 'unet/attention.onnx');
  const there = await stat(file).then(
    (found) => found.isFile() && found.size > 0,
    () => false,
  );
  if (!there || outputs.length === 0) return undefined;
  await lookInto(file);
  return { file, outputs };
}

/** Layers of OpenCLIP's text tower; folders of Stable Diffusion 2 leave out the last one, which it never uses. */
const wholeTower = 24;

function exportedLayers(family: Family, count: number | undefined): ExportedLayers {
  const missingLayers = family === 'sd2' && count !== wholeTower ? 1 : 0;
  return { missingLayers, normalisedLayer: 1 + missingLayers };
}

async function textEncoders(
  folder: string,
  family: Family,
  networks: readonly (FolderNetwork | undefined)[],
): Promise<FolderTextEncoder[]> {
  const found = await Promise.all(
    networks.map(async (network, index) => {
      const suffix = index === 0 ? '' : `_${index + 1}`;
      if (network === undefined) return [];
      const layers = exportedLayers(family, await textLayers(folder, `text_encoder${suffix}`));
      return [{ network, layers, tokenizer: join(folder, `tokenizer${suffix}`), pad: families[family].pads[index] ?? '!' }];
    }),
  );
  return found.flat();
}

/** Reads everything but the weights of a diffusers or optimum ONNX folder; what it does not say is as the family has it. Throws `bad-model`. */
export async function readModelFolder({ name, path }: Pick<ModelLocation, 'name' | 'path'>): Promise<ModelFolder> {
  const [unet, vaeDecoder] = await Promise.all([requiredNetwork(path, 'unet'), requiredNetwork(path, 'vae_decoder')]);
  const [vaeEncoder, first, second] = await Promise.all(
    ['vae_encoder', 'text_encoder', 'text_encoder_2'].map((part) => optionalNetwork(path, part)),
  );
  const family = familyOf(unet.outline, first !== undefined);
  if (first === undefined && (family !== 'sdxl-refiner' || second === undefined)) await requiredNetwork(path, 'text_encoder');
  if (family === 'sdxl' && second === undefined) await requiredNetwork(path, 'text_encoder_2');
  const config = await unetConfig(path);
  const latent = await folderLatent(path, family, vaeDecoder.outline);
  const attention = await attentionExport(path, config);
  const used = family === 'sdxl' ? [first, second] : family === 'sdxl-refiner' ? [undefined, second ?? first] : [first];
  return {
    name,
    path,
    family,
    latent,
    sampling: await folderSampling(path, { family, unet: unet.outline, config }),
    preview: await readConfig(join(path, 'preview.json'), previewMap(latent.channels)),
    unet,
    unetConfig: config,
    ...(attention === undefined ? {} : { attention }),
    textEncoders: await textEncoders(path, family, used),
    vaeDecoder,
    vaeEncoder,
  };
}
