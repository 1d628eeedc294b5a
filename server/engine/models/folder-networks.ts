import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { GraphError, quote } from '../../../nodes/kit/index.ts';
import { type NetworkOutline, outlineNetwork } from './network-outline.ts';

/** A network of a folder: its file, and what the file says of it. */
export interface FolderNetwork {
  readonly file: string;
  readonly outline: NetworkOutline;
}

/** Files of a part that are other networks than the part itself. */
const besides = new Set(['attention.onnx']);

/** The ONNX file of a part: model.onnx, one of the part's name, or the only one there. Throws `bad-model` where several could be meant. */
export async function networkFile(folder: string, part: string): Promise<string | undefined> {
  const names = (await readdir(join(folder, part)).catch((): string[] => [])).filter(
    (name) => name.endsWith('.onnx') && !besides.has(name),
  );
  const own = ['model.onnx', `${part}.onnx`].find((name) => names.includes(name));
  const chosen = own ?? (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined) return join(folder, part, chosen);
  if (names.length === 0) return undefined;
  throw new GraphError(
    'bad-model',
    `The folder ${join(folder, part)} holds ${names.length} networks (${names.map(quote).join(', ')}), and none is called model.onnx. Rename the one to use.`,
  );
}

const inside = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way !== '' && !isAbsolute(way) && way !== '..' && !way.startsWith(`..${sep}`);
};

/** Refuses weights that lie elsewhere than beside the network, also by links; what both are linked from counts as beside. */
async function checkWeights(file: string, location: string): Promise<void> {
  const folder = dirname(file);
  const path = resolve(folder, location);
  const refuse = (why: string): GraphError =>
    new GraphError('bad-model', `The network ${file} keeps weights in ${quote(location)}, ${why}.`);
  if (location === '' || isAbsolute(location) || !inside(folder, path)) {
    throw refuse('outside of its own folder, which a model may not. Export it with its weights beside it');
  }
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw refuse('which is missing. Download that file too, or export the model again');
  const allowed = [await realpath(folder), dirname(await realpath(file))];
  if (!allowed.some((one) => inside(one, real))) {
    throw refuse(`which is a link to ${real}, outside of the model's folder. Put the file itself there`);
  }
}

/** Looks into a network's file and at the files of its weights. Throws `bad-model`. */
export async function lookInto(file: string): Promise<FolderNetwork> {
  const { size } = await stat(file);
  if (size === 0) throw new GraphError('bad-model', `The file ${file} is empty. Download or export the model again.`);
  let outline: NetworkOutline;
  try {
    outline = outlineNetwork(file);
  } catch (thrown) {
    throw new GraphError('bad-model', `The network ${file} is damaged or cut short. Download or export it again.`, { cause: thrown });
  }
  if (outline.outputs.length === 0)
    throw new GraphError('bad-model', `The file ${file} is no ONNX network: it has no outputs. Download or export it again.`);
  for (const location of outline.weightFiles) await checkWeights(file, location);
  return { file, outline };
}

/** A part that a folder may have. */
export async function optionalNetwork(folder: string, part: string): Promise<FolderNetwork | undefined> {
  const file = await networkFile(folder, part);
  return file === undefined ? undefined : lookInto(file);
}

/** A part that a folder must have. */
export async function requiredNetwork(folder: string, part: string): Promise<FolderNetwork> {
  const found = await optionalNetwork(folder, part);
  if (found !== undefined) return found;
  throw new GraphError(
    'bad-model',
    `The model folder ${basename(folder)} has no ${part}/model.onnx (looked in ${join(folder, part)}). Export the model again with all its parts.`,
  );
}
