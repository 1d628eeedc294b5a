import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Autoencoder, GraphError, type LatentFormat } from '../../../nodes/kit/index.ts';
import type { TinyVaePlace } from './checkpoints/taesd-file.ts';
import { families } from './families.ts';

/** The tiny autoencoders that are known by the names of their files, and whose latents they take. */
export const tinyVaeKinds = {
  taesd: { scale: families.sd1.vaeScale, family: `${families.sd1.title} and 2` },
  taesdxl: { scale: families.sdxl.vaeScale, family: families.sdxl.title },
} as const;
/** The name by which ComfyUI offers one in “Load VAE”. */
export type TinyVaeName = keyof typeof tinyVaeKinds;

/** Is it such a name? */
export const isTinyVaeName = (name: string): name is TinyVaeName => Object.hasOwn(tinyVaeKinds, name);

/** The names of all, in the order of lists. */
export const tinyVaeNames: readonly TinyVaeName[] = Object.keys(tinyVaeKinds).filter(isTinyVaeName);

/** How its latents are scaled, and whose they are; undefined for another VAE's name. */
export const tinyVaeKind = (name: string): (typeof tinyVaeKinds)[TinyVaeName] | undefined =>
  isTinyVaeName(name) ? tinyVaeKinds[name] : undefined;

/** Is it a file of one of these? `taesd_decoder`, `taesd_encoder`, or both in one file. */
export const isTinyVaeFile = (name: string): boolean => /^taesd(xl)?(_encoder|_decoder)?\.(safetensors|sft)$/.test(name);

const folders = ['vae_approx', 'vae'];

/** Where the halves of one lie: in `vae_approx/` or `vae/` of the first folder of models that has its decoder. */
export async function locateTinyVae(name: TinyVaeName, roots: readonly string[]): Promise<TinyVaePlace | undefined> {
  for (const folder of roots.flatMap((root) => folders.map((one) => join(root, one)))) {
    const names = await readdir(folder).catch((): string[] => []);
    const find = (part: string): string | undefined => names.find((one) => isTinyVaeFile(one) && one.startsWith(`${name}${part}.`));
    const [both, decoder, encoder] = ['', '_decoder', '_encoder'].map(find);
    const found = decoder ?? both;
    const other = encoder ?? both;
    if (found !== undefined) return { decoder: join(folder, found), encoder: other === undefined ? undefined : join(folder, other) };
  }
  return undefined;
}

/** The one that decodes such latents. */
export const tinyVaeFor = ({ channels, downscale, scale }: LatentFormat): TinyVaeName | undefined =>
  channels === 4 && downscale === 8 ? tinyVaeNames.find((name) => tinyVaeKinds[name].scale === scale) : undefined;

/** Said where pictures are to be encoded and only the decoder is there. */
export const noTinyEncoder = (name: TinyVaeName): GraphError =>
  new GraphError(
    'missing-model',
    `There is no ${name}_encoder.safetensors beside ${name}_decoder.safetensors. Put it there to make latents of pictures.`,
  );

/** What gives the tiny autoencoder of a place, opened once. */
export type OpenTinyVae = (name: TinyVaeName, place: TinyVaePlace) => Promise<Autoencoder>;
