import { readFileSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GraphError } from '../../nodes/kit/index.ts';

/** Who holds a lock, or works for one who does. */
export const Holder = z.object({ pid: z.int().positive(), born: z.string() });
export type Holder = z.infer<typeof Holder>;

const lockName = '.litegraph-diffusion.lock';

/** A lock file that is held. */
export interface FolderLock {
  release(): Promise<void>;
}

/** State and start of a process by the kernel's account; undefined where there is none to ask. */
function statusOf(pid: number): { readonly state: string; readonly born: string } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\)\s*/s, '')
      .split(' ');
    return { state: fields[0] ?? '', born: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

/** When a process was started, by the kernel's clock, so that a reused id is not taken for the old process; '' where unknown. */
export const birthOf = (pid: number): string => statusOf(pid)?.born ?? '';

/** Does this very process live? One that has ended and only waits to be noticed does not. */
export function isAlive({ pid, born }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const now = statusOf(pid);
  if (now?.state === 'Z' || now?.state === 'X') return false;
  return now === undefined || born === '' || now.born === born;
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return Holder.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);

/** True when this call created the file; it appears with all its content. */
async function create(path: string, holder: Holder): Promise<boolean> {
  const draft = `${path}.${process.pid}.new`;
  const content = JSON.stringify(holder);
  await writeFile(draft, content);
  try {
    await link(draft, path).catch((error: unknown) => {
      if (codeOf(error) === 'EEXIST') throw error;
      // Some file systems have no hard links.
      return writeFile(path, content, { flag: 'wx' });
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Takes a dead lock away; if somebody else's living one came in between, it is put back. */
async function clear(path: string): Promise<void> {
  const stale = `${path}.${process.pid}`;
  try {
    await rename(path, stale);
  } catch {
    return;
  }
  const holder = await holderOf(stale);
  if (holder !== undefined && isAlive(holder)) await link(stale, path).catch(() => undefined);
  await rm(stale, { force: true });
}

/** The process that uses a data folder, if one does. */
export async function holderOfFolder(folder: string): Promise<number | undefined> {
  const holder = await holderOf(join(folder, lockName));
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/** One server a data folder: throws `bad-path` while another one lives, takes over what a dead one left behind. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, lockName);
  const me: Holder = { pid: process.pid, born: birthOf(process.pid) };
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path, me)) return { release: () => release(path, me) };
    const holder = await holderOf(path);
    if (holder !== undefined && isAlive(holder)) {
      const message = `The data folder ${folder} is in use by another server (process ${holder.pid}). Stop it, or choose another folder with --data.`;
      throw new GraphError('bad-path', message);
    }
    await clear(path);
  }
  throw new GraphError('bad-path', `The data folder ${folder} cannot be locked. Remove ${path} if no server uses it.`);
}

async function release(path: string, me: Holder): Promise<void> {
  const holder = await holderOf(path);
  if (holder?.pid === me.pid && holder.born === me.born) await rm(path, { force: true });
}
