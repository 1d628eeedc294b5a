import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';

/** Which picture of a job: a job that runs again makes the same ones in the same order. */
export interface PictureKey {
  /** Folder in which jobs note what they have saved. */
  readonly notes: string;
  readonly job: string;
  /** Tells the pictures of this job apart. */
  readonly key: string;
}

const Note = z.object({ key: z.string(), name: z.string(), file: z.string() });
type Note = z.infer<typeof Note>;

const notesPath = (notes: string, job: string): string => join(notes, `${job}.jsonl`);

/** Tells a file from a later one of the same name. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.ino}:${found.mtimeNs}`;
}

function readNote(line: string): Note | undefined {
  try {
    return Note.parse(JSON.parse(line));
  } catch {
    // The last line of a process that was killed may be cut off.
    return undefined;
  }
}

async function notesOf({ notes, job, key }: PictureKey): Promise<readonly Note[]> {
  const text = await readFile(notesPath(notes, job), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const note = readNote(line);
    return note?.key === key ? [note] : [];
  });
}

/** Notes that a file is about to get this name. */
async function note({ notes, job, key }: PictureKey, name: string, file: string): Promise<void> {
  await mkdir(notes, { recursive: true });
  const handle = await open(notesPath(notes, job), 'a');
  try {
    await handle.writeFile(`\n${JSON.stringify({ key, name, file })}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isTaken = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';

/** Where a picture goes: `folder` is a path below `root`, '' for `root` itself. */
export interface Destination {
  readonly root: string;
  readonly folder: string;
  /** Names in that folder, given those that are there, to be tried in this order until one is free. */
  readonly candidates: (files: readonly string[]) => Iterable<string>;
}

/**
 * Gives a whole, synced, unfinished file its name, and gives that name back. A name is taken by a hard link, which fails if it exists: no
 * race, no half-written file. What an earlier run of the same job saved under this key is replaced instead, so that a job that runs twice has
 * its pictures once.
 */
export async function publish(unfinished: string, { root, folder, candidates }: Destination, key?: PictureKey): Promise<string> {
  const file = (await identityOf(unfinished)) ?? '';
  for (const former of key === undefined ? [] : await notesOf(key)) {
    const path = join(root, former.name);
    if (key === undefined || (await identityOf(path)) !== former.file) continue;
    await note(key, former.name, file);
    await rename(unfinished, path);
    return former.name;
  }
  for (const name of candidates(await readdir(join(root, folder)))) {
    const whole = folder === '' ? name : `${folder}/${name}`;
    if (key !== undefined) await note(key, whole, file);
    try {
      await link(unfinished, join(root, whole));
      return whole;
    } catch (thrown) {
      if (!isTaken(thrown)) throw thrown;
    }
  }
  throw new Error(`No name is free in ${join(root, folder)}.`);
}

/** Forgets what a job has saved: it has ended and does not run again. */
export const forgetSaved = (notes: string, job: string): Promise<void> => rm(notesPath(notes, job), { force: true });

/** Writes a file under a name nobody sees yet; one that is to be kept is synced to the disk. */
export async function writeUnfinished(folder: string, bytes: Uint8Array, { kept }: { kept: boolean }): Promise<string> {
  const path = join(folder, `.${randomUUID()}.part`);
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    if (kept) await handle.sync();
  } catch (thrown) {
    await rm(path, { force: true });
    throw thrown;
  } finally {
    await handle.close();
  }
  return path;
}

/** A file that nobody has written to for this long, in ms, is not being written any more. */
const abandoned = 60_000;

/** Removes what killed processes left unfinished below a folder. What cannot be removed stays. */
export async function sweepUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  for (const name of names.filter((found) => /^\.[0-9a-f-]{36}\.part$/.test(basename(found)))) {
    const path = join(folder, dirname(name), basename(name));
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > abandoned) await rm(path, { force: true }).catch(() => undefined);
  }
}
