import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { GraphError, type ImageFolder, quote } from '../../nodes/kit/index.ts';

/** The folders below `--data`. */
export interface DataFolders {
  readonly root: string;
  readonly images: Readonly<Record<ImageFolder, string>>;
  readonly thumbnails: string;
  /** Graphs of .safetensors checkpoints, with links to them. */
  readonly graphs: string;
  /** The embedded queue. */
  readonly queue: string;
  /** What jobs have saved that have not ended. */
  readonly saved: string;
  /** Processes that work for the owner of the folder. */
  readonly children: string;
  readonly uploads: string;
  /** What files of models were found to hash to. */
  readonly modelHashes: string;
}

/** Where the pictures of jobs lie, and the notes of what was saved. */
export type PictureFolders = Pick<DataFolders, 'images' | 'saved'>;

/** Where everything lies below a data folder. Previews, thumbnails and unfinished uploads may be deleted at any time. */
export function dataFolders(root: string): DataFolders {
  const cache = join(root, 'cache');
  return {
    root,
    images: { input: join(root, 'input'), output: join(root, 'output'), preview: join(cache, 'preview') },
    queue: join(root, 'queue'),
    saved: join(cache, 'saved'),
    children: join(cache, 'processes'),
    thumbnails: join(cache, 'thumbnails'),
    graphs: join(cache, 'graphs'),
    uploads: join(cache, 'uploads'),
    modelHashes: join(cache, 'model-hashes.json'),
  };
}

const badPath = (name: string, why: string): GraphError =>
  new GraphError(
    'bad-path',
    `${quote(name)} is no name of a file here: ${why}. Use a name inside the folder, such as “cat.png” or “cats/cat.png”.`,
  );

/** Throws `bad-path` unless `name` is a plain relative path, with `/`, without dot files and without a way out. */
export function checkRelative(name: string): void {
  if (name === '' || name.length > 512) throw badPath(name, 'it has no characters, or more than 512');
  if (/[\p{Cc}\\]/u.test(name)) throw badPath(name, 'it holds a backslash or a control character');
  if (/^[A-Za-z]:/.test(name)) throw badPath(name, 'it begins with a drive');
  for (const segment of name.split('/')) {
    if (segment === '') throw badPath(name, 'it begins or ends with a slash, or has two together');
    if (segment.startsWith('.')) throw badPath(name, 'a part of it begins with a dot');
  }
}

/** The real path of an existing file inside `folder`. Throws `bad-path` if it lies elsewhere, by a link or not, `missing-file` if there is none. */
export async function fileInside(folder: string, name: string): Promise<string> {
  checkRelative(name);
  const missing = new GraphError(
    'missing-file',
    `There is no file ${quote(name)}. Look in the list of files, and mind upper and lower case.`,
  );
  const [home, real] = await Promise.all([realpath(folder), realpath(join(folder, name))]).catch(() => {
    throw missing;
  });
  if (!real.startsWith(home + sep)) throw badPath(name, 'it leads out of its folder');
  if (!(await stat(real)).isFile()) throw missing;
  return real;
}
