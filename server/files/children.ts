import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { birthOf, Holder, isAlive } from './lock.ts';

/** Between two looks at whether a process has ended, in ms. */
const look = 20;

/**
 * Notes that this process works for the owner of a data folder, in `folder`, until it ends: a server that is killed cannot end its children,
 * and the next one must not share its files with them.
 */
export function registerChild(folder: string): void {
  const path = join(folder, String(process.pid));
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }));
  } catch {
    // On a full disk work goes on without a note; the process still ends by itself when its parent is gone.
    return;
  }
  process.on('exit', () => rmSync(path, { force: true }));
}

function holderAt(path: string): Holder | undefined {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Ends the children that a dead owner left behind and waits until they are gone. To be called by who holds the folder's lock. */
export async function endOrphans(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const holder = holderAt(path);
    if (holder !== undefined && holder.born !== '' && isAlive(holder)) {
      process.kill(holder.pid, 'SIGKILL');
      while (isAlive(holder)) await new Promise((resolve) => setTimeout(resolve, look));
    }
    await rm(path, { force: true });
  }
}
