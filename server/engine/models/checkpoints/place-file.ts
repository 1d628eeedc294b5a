import { constants } from 'node:fs';
import { copyFile, link, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GraphError } from '../../../../nodes/kit/index.ts';

/** How a file came to its place. */
export type Placed = 'link' | 'reflink' | 'copy';

/** What placing a file may use: the operating system's calls, or others in tests. */
export interface FileSystem {
  readonly link: typeof link;
  readonly copyFile: typeof copyFile;
  readonly statfs: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }>;
}

const thisFileSystem: FileSystem = { link, copyFile, statfs };

/** Left over when a copy is done, in bytes: a full disk stops everything else. */
const spare = 512 * 2 ** 20;

/**
 * Puts a file at a second place without a second copy where that can be done: by a hard link, else by sharing blocks (reflink), else by a copy if there is room.
 * ONNX Runtime takes weights only from the folder of a graph, and follows no symbolic link out of it. Throws `bad-model` where nothing works.
 */
export async function placeFile(from: string, to: string, files: FileSystem = thisFileSystem): Promise<Placed> {
  try {
    await files.link(from, to);
    return 'link';
  } catch {
    // Another file system, a read-only one, another owner, too many links: all have the same remedy.
  }
  try {
    await files.copyFile(from, to, constants.COPYFILE_FICLONE_FORCE);
    return 'reflink';
  } catch {
    await rm(to, { force: true });
  }
  const { size } = await stat(from);
  const { bavail, bsize } = await files.statfs(dirname(to));
  if (bavail * bsize < size + spare)
    throw new GraphError(
      'bad-model',
      `The file ${from} lies on another file system than ${to}, so it has to be copied once, and there is no room for its ${megabytes(size)}: only ${megabytes(bavail * bsize)} are free. Make room, or choose a --data folder on the file system of the models.`,
    );
  await files.copyFile(from, to, constants.COPYFILE_EXCL);
  return 'copy';
}

/** A size for people. */
export const megabytes = (bytes: number): string => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`);
