import { mkdir, realpath, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { GraphError, quote } from '../../nodes/kit/index.ts';
import { exactName, nextNumber, numberedName } from '../engine/images/file-names.ts';
import { type PictureKey, publish, writeUnfinished } from './saved-pictures.ts';
import { writeWhole } from './write-whole.ts';

/** `base_00007_.png` goes into `folder` below `root`; '' is `root` itself. */
export interface NumberedPlace {
  readonly root: string;
  readonly folder: string;
  readonly base: string;
}

const isTaken = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';

/** Makes `folder` below `root`, one level after the other; throws `bad-path`, with nothing made outside, if a link leads out. */
async function folderInside(root: string, folder: string): Promise<string> {
  await mkdir(root, { recursive: true });
  const home = await realpath(root);
  let path = home;
  for (const part of folder === '' ? [] : folder.split('/')) {
    path = await realpath(await madeFolder(join(path, part)));
    if (path.startsWith(home + sep)) continue;
    throw new GraphError('bad-path', `The folder ${quote(folder)} leads out of the output folder by a link. Choose another name.`, {
      place: { port: 'filename_prefix' },
    });
  }
  return path;
}

async function madeFolder(path: string): Promise<string> {
  await mkdir(path).catch((thrown: unknown) => {
    if (!isTaken(thrown)) throw thrown;
  });
  return path;
}

function* numberedNames(files: readonly string[], base: string): Generator<string, void> {
  for (let number = nextNumber(files, base); ; number++) yield numberedName(base, number);
}

/** Says in a sentence why the system does not let a picture be written below `folder`. */
export async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof Error && 'syscall' in thrown)) throw thrown;
    throw new GraphError(
      'bad-path',
      `The picture cannot be written to ${folder}: ${thrown.message}. Make room there, or choose a folder that can be written.`,
      { cause: thrown },
    );
  }
}

/** Puts a picture under the next free number, or in the place where an earlier run of the same job put it; gives its name below `root`. */
export async function writeNumbered({ root, folder, base }: NumberedPlace, bytes: Uint8Array, key?: PictureKey): Promise<string> {
  return writing(join(root, folder), async () => {
    const unfinished = await writeUnfinished(await folderInside(root, folder), bytes, { kept: true });
    try {
      return await publish(unfinished, { root, folder, candidates: (files) => numberedNames(files, base) }, key);
    } finally {
      await rm(unfinished, { force: true });
    }
  });
}

/** Puts a picture under exactly this name, `base.png`, or `base-2.png` for the second of a run, in place of what was there; gives its name below `root`. */
export async function writeExact({ root, folder, base }: NumberedPlace, bytes: Uint8Array, number: number): Promise<string> {
  return writing(join(root, folder), async () => {
    const name = exactName(base, number);
    await writeWhole(join(await folderInside(root, folder), name), bytes);
    return folder === '' ? name : `${folder}/${name}`;
  });
}
