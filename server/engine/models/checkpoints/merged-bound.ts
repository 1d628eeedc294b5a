import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** The name of the file of changed weights in the folder of their graph. */
export const changedFile = 'changed.safetensors';

/** What bounds the weights that LoRAs changed, in a folder of graphs. */
export interface MergedBound {
  /** The most bytes of them. */
  readonly most: number;
  /** Folders whose networks are loaded or being loaded in this process. */
  readonly held: () => ReadonlySet<string>;
}

interface Merged {
  readonly folder: string;
  readonly bytes: number;
  /** When it was last opened, in ms. */
  readonly used: number;
}

/** A folder that was opened so recently, in ms, may be about to be loaded by another process. */
const grace = 60_000;

/** Bytes that only this folder holds: what was written, and copies that stand where no link could be made. */
async function ownBytes(folder: string): Promise<number> {
  const names = await readdir(folder).catch((): string[] => []);
  const found = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)));
  return found.reduce((sum, file) => sum + (file !== undefined && file.nlink === 1 ? file.size : 0), 0);
}

async function mergedBelow(cache: string): Promise<readonly Merged[]> {
  const names = await readdir(cache).catch((): string[] => []);
  const found = await Promise.all(
    names.map(async (name): Promise<Merged[]> => {
      const folder = join(cache, name);
      const stamp = await stat(join(folder, changedFile)).catch(() => undefined);
      // A draft has a point in its name.
      return stamp === undefined || name.includes('.') ? [] : [{ folder, bytes: await ownBytes(folder), used: stamp.atimeMs }];
    }),
  );
  return found.flat().sort((a, b) => a.used - b.used);
}

/** Notes that changed weights are used now. */
export async function stampMerged(folder: string): Promise<void> {
  const file = join(folder, changedFile);
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined) await utimes(file, new Date(), found.mtime).catch(() => undefined);
}

/** Deletes changed weights until they are within the bound, the longest unused first; never what is loaded or was opened within a minute. */
export async function keepWithin(cache: string, { most, held }: MergedBound, now = Date.now()): Promise<void> {
  const all = await mergedBelow(cache);
  let bytes = all.reduce((sum, one) => sum + one.bytes, 0);
  for (const { folder, bytes: own, used } of all) {
    if (bytes <= most) return;
    if (held().has(folder) || now - used < grace) continue;
    // Where a file cannot be deleted, it is tried again next time.
    const gone = await rm(folder, { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
    if (gone) bytes -= own;
  }
}
