import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { GraphError, quote, type SizeRule } from '../../../nodes/kit/index.ts';
import { nearest } from '../../../workflows/index.ts';
import { packageRoot } from '../../files/package-root.ts';
import { titleOf } from './checkpoints/checkpoint.ts';
import { readCheckpoint } from './checkpoints/read.ts';
import { isPickle, isSafetensors, pickleReason } from './model-formats.ts';
import type { ModelSizes } from './model-sizes.ts';

/** How a model is stored: a folder of ONNX exports, a folder of diffusers with .safetensors, or one .safetensors file. */
export type ModelKind = 'onnx' | 'diffusers' | 'single-file';

/** A model that was found; `name` is what a workflow says, with `/`. */
export interface ModelLocation {
  readonly name: string;
  readonly path: string;
  readonly kind: ModelKind;
  readonly embedded: boolean;
}

/** A model with what one wants to know before loading it; `bytes` on disk. */
export interface ListedModel extends ModelLocation {
  readonly family: string;
  readonly bytes: number;
  /** Where it does not take latents of every size. */
  readonly sizes?: SizeRule;
}

/** Where the embedded models lie. */
export const embeddedModels = (): string => join(packageRoot(), 'models');

const deepest = 3;

/** Folders of a models folder that hold something other than whole models, by the names that ComfyUI gives them. */
const otherFolders = new Set([
  ...['clip', 'clip_vision', 'configs', 'controlnet', 'diffusion_models', 'embeddings', 'gligen', 'hypernetworks', 'loras', 'photomaker'],
  ...['style_models', 'text_encoders', 'unet', 'upscale_models', 'vae', 'vae_approx'],
]);
/** Folders whose names are no part of the names of what lies in them. */
const plainFolders = new Set(['checkpoints', 'diffusers']);

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const kindOfFolder = async (path: string): Promise<ModelKind> => {
  const files = await readdir(join(path, 'unet')).catch((): string[] => []);
  return !files.includes('model.onnx') && files.some(isSafetensors) ? 'diffusers' : 'onnx';
};

/** Models and pickled files below a folder, not looking inside a model that was found. */
async function modelsBelow(
  folder: string,
  inner: readonly string[],
): Promise<{ path: string; parts: readonly string[]; kind: ModelKind | 'pickle' }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  if (inner.length > 0 && entries.some(({ name }) => name === 'model_index.json'))
    return [{ path: folder, parts: inner, kind: await kindOfFolder(folder) }];
  const found = await Promise.all(
    entries.map(async (entry) => {
      const { name } = entry;
      const path = join(folder, name);
      const parts = [...inner, name];
      if (name.startsWith('.') || (inner.length === 0 && otherFolders.has(name))) return [];
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(path))))
        return inner.length < deepest ? modelsBelow(path, parts) : [];
      return isSafetensors(name)
        ? [{ path, parts, kind: 'single-file' as const }]
        : isPickle(name)
          ? [{ path, parts, kind: 'pickle' as const }]
          : [];
    }),
  );
  return found.flat();
}

const nameOf = (parts: readonly string[]): string =>
  (plainFolders.has(parts[0] ?? '') && parts.length > 1 ? parts.slice(1) : parts).join('/');

async function locate(root: string, embedded: boolean): Promise<ModelLocation[]> {
  const found = await modelsBelow(root, []);
  return found.flatMap(({ path, parts, kind }) => (kind === 'pickle' ? [] : [{ name: nameOf(parts), path, kind, embedded }]));
}

/** All models of the folders, the first of a name, and the embedded ones, which a user's model of the same name replaces. Sorted by name, the embedded ones first. */
export async function locateModels(folder: string, extra: readonly string[] = []): Promise<readonly ModelLocation[]> {
  const embeddedRoot = await realFolder(embeddedModels());
  const roots = [...new Set(await Promise.all([folder, ...extra].map(realFolder)))].filter((root) => root !== embeddedRoot);
  const found = [...(await Promise.all(roots.map((root) => locate(root, false)))).flat(), ...(await locate(embeddedRoot, true))];
  const first = new Map<string, ModelLocation>();
  for (const location of found) if (!first.has(location.name)) first.set(location.name, location);
  return [...first.values()].sort((a, b) => Number(b.embedded) - Number(a.embedded) || a.name.localeCompare(b.name));
}

const realFolder = (folder: string): Promise<string> => realpath(folder).catch(() => folder);

/** Files that are not opened because they could run a program, by their names. */
export async function locatePickles(folder: string, extra: readonly string[] = []): Promise<readonly string[]> {
  const found = await Promise.all([folder, ...extra].map((root) => modelsBelow(root, [])));
  return found.flat().flatMap(({ parts, kind }) => (kind === 'pickle' ? [nameOf(parts)] : []));
}

async function filesOf({ path, kind }: ModelLocation): Promise<{ path: string; bytes: number; changed: number }[]> {
  if (kind !== 'single-file') return filesBelow(path);
  const { size, mtimeMs } = await stat(path);
  return [{ path, bytes: size, changed: mtimeMs }];
}

async function filesBelow(folder: string): Promise<{ path: string; bytes: number; changed: number }[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  const found = await Promise.all(
    files.map((path) =>
      stat(path).then(
        ({ size, mtimeMs }) => [{ path, bytes: size, changed: mtimeMs }],
        () => [],
      ),
    ),
  );
  return found.flat();
}

/** The family of a model by its files; of a .safetensors by its header. */
async function familyOfModel({ path, kind }: ModelLocation, files: readonly { path: string }[]): Promise<string> {
  if (kind === 'onnx')
    return files.some((file) => file.path.includes(`${sep}text_encoder_2${sep}`)) ? 'Stable Diffusion XL' : 'Stable Diffusion';
  return readCheckpoint({ path, kind }).then(titleOf, () => 'unknown');
}

/** Locations with what people want to know of them. Opens no network; sizes are told where there is something that knows them. */
export async function listModels(
  folder: string,
  extra: readonly string[] = [],
  known?: Pick<ModelSizes, 'of'>,
): Promise<readonly ListedModel[]> {
  const located = await locateModels(folder, extra);
  const listed: ListedModel[] = [];
  // One after the other: headers of large files are long.
  for (const location of located) {
    const files = await filesOf(location).catch(() => []);
    const family = await familyOfModel(location, files);
    const sizes = await known?.of(location);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    listed.push({ ...location, family, bytes, ...(sizes === undefined ? {} : { sizes }) });
  }
  return listed;
}

/** Sizes and times of all files of a model: changes when the model changes. */
export async function modelIdentity(location: ModelLocation): Promise<string> {
  const files = await filesOf(location);
  return files
    .map((file) => `${relative(location.path, file.path)}:${file.bytes}:${file.changed}`)
    .sort()
    .join('\n');
}

/** Finds a model by name; throws `missing-model` with the nearest names. */
export async function findModel(folder: string, name: string, extra: readonly string[] = []): Promise<ModelLocation> {
  const located = await locateModels(folder, extra);
  const found = located.find((location) => location.name === name);
  if (found !== undefined) return found;
  const names = located.map((location) => location.name);
  const near = nearest(name, names);
  const offer = near.length > 0 ? `Did you mean ${near.map(quote).join(' or ')}?` : `There are ${names.map(quote).join(', ')}.`;
  if (isPickle(name)) throw new GraphError('missing-model', `The model ${quote(name)} is not opened. ${pickleReason} ${offer}`);
  throw new GraphError('missing-model', `There is no model ${quote(name)} in ${folder}. ${offer} Put the model there, or choose another.`);
}
