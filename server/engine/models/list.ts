import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { GraphError, quote } from '../../../nodes/kit/index.ts';
import { nearest } from '../../../workflows/index.ts';
import { packageRoot } from '../../files/package-root.ts';

/** A model folder that was found; `name` is what a workflow says, with `/`. */
export interface ModelLocation {
  readonly name: string;
  readonly path: string;
  readonly embedded: boolean;
}

/** A model with what one wants to know before loading it; `bytes` on disk. */
export interface ListedModel extends ModelLocation {
  readonly family: string;
  readonly bytes: number;
}

/** Where the embedded models lie. */
export const embeddedModels = (): string => join(packageRoot(), 'models');

const deepest = 3;

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Folders with a model_index.json below `root`, not looking inside one that was found. */
async function foldersBelow(root: string, folder: string, depth = 0): Promise<string[]> {
  const entries = await readdir(folder).catch((): string[] => []);
  if (entries.includes('model_index.json') && folder !== root) return [folder];
  if (depth === deepest) return [];
  const visible = entries.filter((name) => !name.startsWith('.')).map((name) => join(folder, name));
  const found = await Promise.all(visible.map(async (path) => ((await isDirectory(path)) ? foldersBelow(root, path, depth + 1) : [])));
  return found.flat();
}

async function locate(root: string, embedded: boolean): Promise<ModelLocation[]> {
  const found = await foldersBelow(root, root);
  return found.map((path) => ({ name: relative(root, path).split(sep).join('/'), path, embedded }));
}

/** All models of a folder, and the embedded ones, which a user's model of the same name replaces. Sorted by name, the embedded ones first. */
export async function locateModels(folder: string): Promise<readonly ModelLocation[]> {
  const embeddedRoot = embeddedModels();
  const same = (await realpath(folder).catch(() => folder)) === (await realpath(embeddedRoot).catch(() => embeddedRoot));
  const [own, embedded] = await Promise.all([same ? [] : locate(folder, false), locate(embeddedRoot, true)]);
  const names = new Set(own.map(({ name }) => name));
  const all = [...embedded.filter(({ name }) => !names.has(name)), ...own];
  return all.sort((a, b) => Number(b.embedded) - Number(a.embedded) || a.name.localeCompare(b.name));
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

/** Locations with sizes and families, for people. Opens no network. */
export async function listModels(folder: string): Promise<readonly ListedModel[]> {
  const located = await locateModels(folder);
  return Promise.all(
    located.map(async (location) => {
      const files = await filesBelow(location.path);
      const family = files.some(({ path }) => path.includes(`${sep}text_encoder_2${sep}`)) ? 'Stable Diffusion XL' : 'Stable Diffusion';
      return { ...location, family, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
    }),
  );
}

/** Sizes and times of all files of a model: changes when the model changes. */
export async function modelIdentity({ path }: ModelLocation): Promise<string> {
  const files = await filesBelow(path);
  return files
    .map((file) => `${relative(path, file.path)}:${file.bytes}:${file.changed}`)
    .sort()
    .join('\n');
}

/** Finds a model by name; throws `missing-model` with the nearest names. */
export async function findModel(folder: string, name: string): Promise<ModelLocation> {
  const located = await locateModels(folder);
  const found = located.find((location) => location.name === name);
  if (found !== undefined) return found;
  const names = located.map((location) => location.name);
  const near = nearest(name, names);
  throw new GraphError(
    'missing-model',
    `There is no model ${quote(name)} in ${folder}. ${near.length > 0 ? `Did you mean ${near.map(quote).join(' or ')}?` : `There are ${names.map(quote).join(', ')}.`} Put the model's folder there, or choose another.`,
  );
}
