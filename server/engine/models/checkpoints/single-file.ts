import { families } from '../families.ts';
import { openSafetensors } from '../safetensors/file.ts';
import { badFile } from '../safetensors/header.ts';
import { clipArchitecture, unetArchitecture, vaeArchitecture } from './architecture.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';
import { edmOf } from './edm.ts';
import { familyOf, predictionOf } from './family.ts';
import { type CheckpointParts, singleFileParts } from './parts.ts';

function vaePart({ vae }: CheckpointParts): Pick<SafetensorsCheckpoint, 'vae'> {
  return vae.size === 0 ? {} : { vae: { architecture: vaeArchitecture(vae), weights: vae } };
}

/** Reads a checkpoint in one file. Throws `bad-model` for a broken file and for what is no Stable Diffusion. */
export async function readSingleFile(given: string): Promise<SafetensorsCheckpoint> {
  const file = await openSafetensors(given);
  const parts = singleFileParts(file.tensors);
  const family = familyOf(parts.unet, parts.encoders);
  if (family === undefined)
    throw badFile(file.path, 'is no checkpoint of Stable Diffusion 1, 2 or XL: it has no U-Net under “model.diffusion_model.”');
  const { vaeScale: scale, heads } = families[family];
  const encoders = parts.encoders.map((encoder) => ({
    architecture: clipArchitecture(encoder, { penultimate: family === 'sd2' }),
    weights: encoder.weights,
  }));
  const pooled = encoders.at(-1)?.architecture.projection;
  const unet = unetArchitecture(parts.unet, { heads, ...(pooled === undefined ? {} : { pooled }) });
  const part = vaePart(parts);
  const edm = await edmOf(file);
  const { latentChannels = unet.outChannels, channels = [0, 0, 0, 0] } = part.vae?.architecture ?? {};
  return {
    path: file.path,
    files: [file],
    family,
    prediction: edm?.range.prediction ?? (await predictionOf(family, parts.unet, file)),
    zeroSnr: file.tensors.has('ztsnr'),
    latent: { channels: latentChannels, scale, downscale: 2 ** (channels.length - 1), ...edm?.latent },
    ...(edm === undefined ? {} : { range: edm.range }),
    unet: { architecture: unet, weights: parts.unet },
    ...part,
    encoders,
    rest: parts.rest,
  };
}
