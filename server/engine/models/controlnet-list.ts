import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError, quote } from '../../../nodes/kit/index.ts';
import { nearest } from '../../../workflows/index.ts';
import { isPickle, pickleReason } from './model-formats.ts';

/** A ControlNet that was found; `name` is what a workflow says, with `/`, relative to its folder. */
export interface ControlNetLocation {
  readonly name: string;
  readonly path: string;
}

/** The folder of ControlNets in each folder of models, as ComfyUI has it. */
const folderName = 'controlnet';

const isSafetensors = (name: string): boolean => /\.(safetensors|sft)$/i.test(name);

/** Files of `controlnet/` in each of the folders, the first of a name, sorted by name. */
export async function locateControlNets(folder: string, extra: readonly string[] = []): Promise<readonly ControlNetLocation[]> {
  const found = new Map<string, ControlNetLocation>();
  for (const root of [folder, ...extra]) {
    const own = join(root, folderName);
    const names = await readdir(own, { recursive: true }).catch((): string[] => []);
    for (const name of names.filter(isSafetensors).map((one) => one.replaceAll('\\', '/')))
      if (!found.has(name)) found.set(name, { name, path: join(own, name) });
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/** Finds a ControlNet by name; throws `missing-model` with the nearest names. */
export async function findControlNet(folder: string, name: string, extra: readonly string[] = []): Promise<ControlNetLocation> {
  const located = await locateControlNets(folder, extra);
  const found = located.find((location) => location.name === name);
  if (found !== undefined) return found;
  if (isPickle(name)) throw new GraphError('missing-model', `The ControlNet ${quote(name)} is not opened. ${pickleReason}`);
  const names = located.map((location) => location.name);
  const near = nearest(name, names);
  const offer = near.length > 0 ? ` Did you mean ${near.map(quote).join(' or ')}?` : '';
  throw new GraphError(
    'missing-model',
    `There is no ControlNet ${quote(name)} in ${join(folder, folderName)}.${offer} Put the .safetensors file there, or choose another.`,
  );
}

/** File, size and time: changes when the file does. */
export async function controlNetIdentity({ path }: ControlNetLocation): Promise<string> {
  const [real, { size, mtimeMs }] = await Promise.all([realpath(path), stat(path)]);
  return `${real}:${size}:${mtimeMs}`;
}
