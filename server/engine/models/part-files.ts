import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { GraphError, type PartSource, partSources, quote } from '../../../nodes/kit/index.ts';
import { nearest } from '../../../workflows/index.ts';
import type { FileKind } from '../../../workflows/protocol.ts';
import { isPickle, isSafetensors, pickleReason } from './model-formats.ts';
import { isTinyVaeFile, locateTinyVae, tinyVaeNames } from './taesd.ts';

/** Kinds of files beside whole models; embeddings are named in prompts, not chosen. */
export type PartKind = PartSource | 'embeddings';

/** Folders of a kind by ComfyUI's names. */
const folders: Readonly<Record<PartKind, readonly string[]>> = {
  loras: ['loras'],
  vae: ['vae'],
  clip: ['text_encoders', 'clip'],
  unet: ['diffusion_models', 'unet'],
  controlnets: ['controlnet'],
  embeddings: ['embeddings'],
};

const titles: Readonly<Record<PartKind, string>> = {
  loras: 'LoRA',
  vae: 'VAE',
  clip: 'text encoder',
  unet: 'U-Net',
  controlnets: 'ControlNet',
  embeddings: 'embedding',
};

/** A file of a part; `name` is its path below its folder, with `/`. */
export interface PartFile {
  readonly name: string;
  readonly path: string;
  /** Another file that belongs to it. */
  readonly beside?: string;
}

/** A file's name without its ending. */
export const bareName = (name: string): string => name.replace(/\.(safetensors|sft)$/i, '');

const deepest = 4;

async function filesBelow(folder: string, inner: readonly string[] = []): Promise<PartFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      const parts = [...inner, entry.name];
      if (entry.name.startsWith('.')) return [];
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
      if (kind.isDirectory()) return parts.length < deepest ? filesBelow(path, parts) : [];
      return [{ name: parts.join('/'), path }];
    }),
  );
  return found.flat();
}

/** TAESD by ComfyUI's names, where both of its halves are there. */
async function tinyVaes(roots: readonly string[]): Promise<readonly PartFile[]> {
  const found = await Promise.all(
    tinyVaeNames.map(async (name): Promise<PartFile[]> => {
      const { decoder, encoder } = (await locateTinyVae(name, roots)) ?? {};
      if (decoder === undefined || encoder === undefined) return [];
      return [{ name, path: decoder, ...(encoder === decoder ? {} : { beside: encoder }) }];
    }),
  );
  return found.flat();
}

/** Everything in the folders of a kind, pickles too; the first of a name. */
async function allFiles(kind: PartKind, roots: readonly string[]): Promise<readonly PartFile[]> {
  const found = await Promise.all(roots.flatMap((root) => folders[kind].map((folder) => filesBelow(join(root, folder)))));
  const first = new Map<string, PartFile>();
  const tiny = kind === 'vae' ? await tinyVaes(roots) : [];
  const others = kind === 'vae' ? found.flat().filter(({ path }) => !isTinyVaeFile(basename(path))) : found.flat();
  for (const file of [...others, ...tiny]) if (!first.has(file.name)) first.set(file.name, file);
  return [...first.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** The .safetensors files of a kind, sorted by name. */
export async function locateParts(kind: PartKind, roots: readonly string[]): Promise<readonly PartFile[]> {
  return (await allFiles(kind, roots)).filter(({ path }) => isSafetensors(path));
}

/** Names of the files of every kind that nodes choose from. */
export type PartChoices = Readonly<Record<PartSource, readonly string[]>>;

/** The choices among files. */
export function choicesAmong(files: readonly Pick<ListedPart, 'kind' | 'name'>[]): PartChoices {
  const of = (kind: PartSource): readonly string[] => files.filter((file) => file.kind === kind).map(({ name }) => name);
  return { loras: of('loras'), vae: of('vae'), clip: of('clip'), unet: of('unet'), controlnets: of('controlnets') };
}

/** A file that is no whole model, of any kind; `bytes` on disk. */
export interface ListedPart extends PartFile {
  readonly kind: Exclude<FileKind, 'checkpoints'>;
  readonly bytes: number;
}

const listed: readonly PartKind[] = [...partSources, 'embeddings'];

/** All files of all kinds, by kind and name. Opens none. */
export async function listParts(roots: readonly string[]): Promise<readonly ListedPart[]> {
  const found = await Promise.all(listed.map(async (kind) => (await locateParts(kind, roots)).map((file) => ({ kind, ...file }))));
  const sized = await Promise.all(
    found.flat().map(async (file): Promise<ListedPart[]> => {
      const sizes = [file.path, ...(file.beside === undefined ? [] : [file.beside])].map(async (path) => (await stat(path)).size);
      const bytes = await Promise.all(sizes).catch(() => undefined);
      return bytes === undefined ? [] : [{ ...file, bytes: bytes.reduce((sum, size) => sum + size, 0) }];
    }),
  );
  return sized.flat();
}

/** Finds a file by its name; throws `missing-model` with the nearest names, and why a pickle is not opened. */
export async function findPart(kind: PartKind, name: string, roots: readonly string[]): Promise<PartFile> {
  const all = await allFiles(kind, roots);
  const usable = all.filter((file) => isSafetensors(file.path));
  const found = usable.find((file) => file.name === name);
  if (found !== undefined) return found;
  const names = usable.map((file) => file.name);
  const near = nearest(name, names);
  const offer = near.length > 0 ? ` Did you mean ${near.map(quote).join(' or ')}?` : '';
  if (isPickle(name)) throw new GraphError('missing-model', `The file ${quote(name)} is not opened. ${pickleReason}${offer}`);
  throw new GraphError(
    'missing-model',
    `There is no ${titles[kind]} ${quote(name)}.${offer} Put it into the folder ${folders[kind][0]}/ of the models folder, or choose another.`,
  );
}

/** Sizes and times of files: changes when one of them does. */
export async function partIdentity(files: readonly PartFile[]): Promise<string> {
  const found = await Promise.all(
    files.map(async ({ name, path, beside }) => {
      const stamps = [path, ...(beside === undefined ? [] : [beside])].map(async (one) => {
        const { size, mtimeMs } = await stat(one);
        return `:${size}:${mtimeMs}`;
      });
      return `${name}${(await Promise.all(stamps)).join('')}`;
    }),
  );
  return found.join('\n');
}
