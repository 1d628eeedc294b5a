import { constants, copyFile, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError } from '../../nodes/kit/index.ts';
import { endOrphans } from './children.ts';
import { type FolderLock, lockFolder } from './lock.ts';
import type { DataFolders } from './paths.ts';

/** Makes the folders and locks the data folder. Throws `bad-path` if it cannot be written or another server has it. */
export async function prepareData(folders: DataFolders): Promise<FolderLock> {
  const lock = await inData(folders.root, async () => {
    await mkdir(folders.root, { recursive: true });
    return lockFolder(folders.root);
  });
  try {
    await inData(folders.root, async () => {
      await endOrphans(folders.children);
      await rm(folders.uploads, { recursive: true, force: true });
      for (const folder of [...Object.values(folders.images), folders.thumbnails, folders.saved, folders.uploads])
        await mkdir(folder, { recursive: true });
      for (const folder of [folders.images.preview, folders.thumbnails, folders.saved]) await sweep(folder);
    });
    return lock;
  } catch (thrown) {
    await lock.release();
    throw thrown;
  }
}

/** How long previews and thumbnails are kept, in ms. */
const keep = 7 * 24 * 3600 * 1000;

/** Removes what has not been written for a week; what cannot be removed stays. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const entry = await lstat(path).catch(() => undefined);
    if (entry?.isFile() && Date.now() - entry.mtimeMs > keep) await rm(path, { force: true }).catch(() => undefined);
  }
}

/** The picture that the templates start from. */
export const exampleName = 'example.png';

/** Puts the example picture of the templates into the input folder, unless there is one of that name. */
export async function copyExample(packageRoot: string, input: string): Promise<void> {
  try {
    await copyFile(join(packageRoot, 'workflows', exampleName), join(input, exampleName), constants.COPYFILE_EXCL);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}

async function inData<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof GraphError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new GraphError(
      'bad-path',
      `The data folder ${root} cannot be used: ${reason}. Choose a folder that can be written with --data.`,
      { cause: thrown },
    );
  }
}
