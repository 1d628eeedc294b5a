import { stat } from 'node:fs/promises';
import { titleOf } from './checkpoints/checkpoint.ts';
import { readControlNet } from './checkpoints/controlnet-file.ts';
import { readEncoderFiles, readUnetFile, readVaeFile } from './checkpoints/part-file.ts';
import { families } from './families.ts';
import type { ListedPart } from './part-files.ts';
import { openSafetensors } from './safetensors/file.ts';
import { tinyVaeKind } from './taesd.ts';

/** Families by the width of a text feature, which a U-Net's cross-attention reads. */
const byContext = new Map<number, string>([
  [768, families.sd1.title],
  [1024, families.sd2.title],
  [1280, families['sdxl-refiner'].title],
  [2048, families.sdxl.title],
]);

/** What networks of text are called, by the family that has one alone. */
const encoders: Readonly<Record<string, string>> = { sd1: 'CLIP-L', sd2: 'OpenCLIP-H', 'sdxl-refiner': 'OpenCLIP-G' };

const readsText =
  /attn2[._](?:processor\.)?to_k(?:_lora)?\.(?:lora_down|lora_A|lora\.down|down|lora_linear_layer\.down)(?:\.default)?\.weight$/;
const secondEncoder = /^(?:lora_te2_|text_encoder_2\.)/;
const inEncoder = /(?:q_proj|to_q)\.(?:lora_down|lora_A|lora_linear_layer\.down)(?:\.default)?\.weight$/;

/** Of a LoRA, by what its layers for cross-attention read, or else those for text. */
async function loraFamily(path: string): Promise<string | undefined> {
  const { tensors } = await openSafetensors(path);
  const keys = [...tensors.keys()];
  const key = keys.find((one) => readsText.test(one));
  if (key !== undefined) return byContext.get(tensors.get(key)?.shape[1] ?? 0);
  if (keys.some((one) => secondEncoder.test(one))) return families.sdxl.title;
  const text = keys.find((one) => inEncoder.test(one));
  return text === undefined ? undefined : byContext.get(tensors.get(text)?.shape[1] ?? 0);
}

async function embeddingFamily(path: string): Promise<string | undefined> {
  const { tensors } = await openSafetensors(path);
  if (tensors.has('clip_l') && tensors.has('clip_g')) return families.sdxl.title;
  const [first] = tensors.values();
  return byContext.get(first?.shape.at(-1) ?? 0);
}

/** The VAEs of Stable Diffusion 1 and 2 are alike. */
async function vaeFamily(path: string): Promise<string | undefined> {
  const { latent } = await readVaeFile(path);
  if (latent.scale === families.sdxl.vaeScale) return families.sdxl.title;
  return latent.scale === families.sd1.vaeScale ? `${families.sd1.title} and 2` : undefined;
}

const readers: Readonly<Record<ListedPart['kind'], (path: string) => Promise<string | undefined>>> = {
  loras: loraFamily,
  embeddings: embeddingFamily,
  vae: vaeFamily,
  controlnets: async (path) => families[(await readControlNet(path)).family].title,
  unet: async (path) => titleOf(await readUnetFile(path)),
  clip: async (path) => encoders[(await readEncoderFiles([path])).family],
};

/** What a file of a kind was made for; undefined where it cannot be told. Throws `bad-model` for a file that is not of the kind. */
export const familyOfPart = (kind: ListedPart['kind'], path: string): Promise<string | undefined> => readers[kind](path);

interface Known {
  /** The file is looked into again when this changes. */
  readonly stamp: string;
  readonly family: string | undefined;
}

/** What files of parts were made for, by the shapes in their headers; each header is read once. */
export class PartFamilies {
  readonly #known = new Map<string, Known>();

  /** Undefined where it cannot be told, and for a file that cannot be used: loading it says why. */
  async of({ kind, name, path }: Pick<ListedPart, 'kind' | 'name' | 'path'>): Promise<string | undefined> {
    const tiny = kind === 'vae' ? tinyVaeKind(name) : undefined;
    if (tiny !== undefined) return tiny.family;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) return undefined;
    const stamp = `${found.size}:${found.mtimeMs}`;
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known.family;
    const family = await readers[kind](path).catch(() => undefined);
    this.#known.set(path, { stamp, family });
    return family;
  }
}
