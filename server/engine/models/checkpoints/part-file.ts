import type { VaeFormat } from '../../../../nodes/kit/index.ts';
import { type Family, families } from '../families.ts';
import type { Weight, Weights } from '../graph/weights.ts';
import type { VaeArchitecture } from '../networks/vae.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors/file.ts';
import { badFile } from '../safetensors/header.ts';
import { clipArchitecture, unetArchitecture, vaeArchitecture } from './architecture.ts';
import type { Part, SafetensorsCheckpoint } from './checkpoint.ts';
import { edmOf } from './edm.ts';
import { familyOf, predictionOf } from './family.ts';
import { asWeights, encoderWeights, unetWeights, vaeWeights } from './parts.ts';
import { vaeScale } from './vae-scale.ts';

/** The weights of a part, without the prefix that whole checkpoints put before them. */
function withoutPrefix(file: SafetensorsFile, prefixes: readonly string[]): Weights {
  const all = asWeights(file.tensors);
  const prefix = prefixes.find((one) => [...all.keys()].some((key) => key.startsWith(one)));
  if (prefix === undefined) return all;
  return new Map(
    [...all].flatMap(([key, weight]): [string, Weight][] => (key.startsWith(prefix) ? [[key.slice(prefix.length), weight]] : [])),
  );
}

/** A VAE's file and how its latents are laid out. Throws `bad-model` for what is no VAE. */
export async function readVaeFile(path: string): Promise<{ file: SafetensorsFile; vae: Part<VaeArchitecture>; latent: VaeFormat }> {
  const file = await openSafetensors(path);
  const weights = vaeWeights(withoutPrefix(file, ['first_stage_model.', 'vae.']));
  const architecture = vaeArchitecture(weights);
  if (architecture.channels.length === 0 || architecture.latentChannels === 0)
    throw badFile(file.path, 'is no VAE of Stable Diffusion: it has no encoder and decoder');
  const latent = {
    channels: architecture.latentChannels,
    scale: await vaeScale(file),
    downscale: 2 ** (architecture.channels.length - 1),
  };
  return { file, vae: { architecture, weights }, latent };
}

const unetPrefixes = ['model.diffusion_model.', 'diffusion_model.'];

/** A U-Net's file as a checkpoint without other parts. Throws `bad-model` for what is no U-Net of Stable Diffusion. */
export async function readUnetFile(path: string): Promise<SafetensorsCheckpoint> {
  const file = await openSafetensors(path);
  const weights = unetWeights(withoutPrefix(file, unetPrefixes));
  const family = familyOf(weights, []);
  if (family === undefined) throw badFile(file.path, 'is no U-Net of Stable Diffusion 1, 2 or XL');
  const { vaeScale: scale, heads } = families[family];
  const added = weights.get('add_embedding.linear_1.weight')?.shape[1] ?? 0;
  const pooled = added - (family === 'sdxl-refiner' ? 5 : 6) * 256;
  const architecture = unetArchitecture(weights, { heads, ...(added === 0 ? {} : { pooled }) });
  const edm = await edmOf(file);
  return {
    path: file.path,
    files: [file],
    family,
    prediction: edm?.range.prediction ?? (await predictionOf(family, weights, file)),
    zeroSnr: file.tensors.has('ztsnr'),
    latent: { channels: architecture.outChannels, scale, downscale: 8, ...edm?.latent },
    ...(edm === undefined ? {} : { range: edm.range }),
    unet: { architecture, weights },
    encoders: [],
    rest: [],
  };
}

/** Widths of CLIP-L's and CLIP-G's features; between them lies OpenCLIP's H. */
const [small, large] = [768, 1280];

const encoderPrefixes = [
  'cond_stage_model.transformer.',
  'cond_stage_model.model.',
  'conditioner.embedders.0.transformer.',
  'conditioner.embedders.1.model.',
];

/** One text encoder (of Stable Diffusion 1, 2 or XL's refiner by its width) or XL's two in either order, as a checkpoint without other parts. */
export async function readEncoderFiles(paths: readonly string[]): Promise<SafetensorsCheckpoint> {
  const files = await Promise.all(paths.map(openSafetensors));
  const found = files.map((file) => {
    const encoder = encoderWeights(withoutPrefix(file, encoderPrefixes));
    const { width, layers } = clipArchitecture(encoder);
    if (layers === 0) throw badFile(file.path, 'is no text encoder of CLIP or OpenCLIP');
    return { file, encoder, width, openClip: encoder.origin === 'open-clip' || width > small };
  });
  // The smaller one's features come first.
  const sorted = found.toSorted((a, b) => a.width - b.width || Number(a.openClip) - Number(b.openClip));
  const [first] = sorted;
  const single: Family = first?.openClip !== true ? 'sd1' : first.width >= large ? 'sdxl-refiner' : 'sd2';
  const family = sorted.length > 1 ? 'sdxl' : single;
  const wholeTower = 24;
  return {
    path: paths.join(', '),
    files,
    family,
    prediction: 'epsilon',
    zeroSnr: false,
    latent: { channels: 4, scale: families[family].vaeScale, downscale: 8 },
    encoders: sorted.map(({ encoder, openClip }) => ({
      architecture: clipArchitecture(encoder, {
        ...(openClip ? { activation: 'gelu' as const } : {}),
        penultimate: family === 'sd2' && clipArchitecture(encoder).layers >= wholeTower,
      }),
      weights: encoder.weights,
    })),
    rest: [],
  };
}
