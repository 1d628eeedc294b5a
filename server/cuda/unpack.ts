import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Unzip, UnzipInflate } from 'fflate';
import { GraphError } from '../../nodes/kit/index.ts';
import type { PinnedPackage } from './packages.ts';

/** Streams the libraries of a wheel into `folder` under the names that the loader looks for. The wheel's hash was checked before. */
export async function unpack(wheel: string, { file, libraries }: PinnedPackage, folder: string): Promise<void> {
  const wanted = new Map(libraries.map((library) => [library.entry, library]));
  const open = new Set<number>();
  const unzip = new Unzip((entry) => {
    const library = wanted.get(entry.name);
    if (library === undefined) return;
    const target = openSync(join(folder, library.name), 'w', 0o755);
    open.add(target);
    entry.ondata = (error, data, last) => {
      if (error !== null) throw error;
      for (let written = 0; written < data.length; ) written += writeSync(target, data, written);
      if (!last) return;
      closeSync(target);
      open.delete(target);
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  try {
    for await (const chunk of createReadStream(wheel, { highWaterMark: 1 << 20 })) unzip.push(chunk);
    unzip.push(new Uint8Array(), true);
  } finally {
    for (const target of open) closeSync(target);
  }
  for (const { name, bytes } of libraries) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.size !== bytes) throw new GraphError('internal', `${file} was unpacked, but ${name} is not as long as it should be.`);
  }
}
