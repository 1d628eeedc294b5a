import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { GraphError } from '../../nodes/kit/index.ts';
import { type Location, reasonOf } from './package-index.ts';
import type { PinnedPackage } from './packages.ts';
import type { Fetch } from './proxied-fetch.ts';

/** How a file is fetched; `stall` ms without a byte end an attempt. */
export interface Fetching {
  readonly fetch: Fetch;
  readonly stall?: number;
  /** Hears how many bytes are there now. */
  readonly progress?: (bytes: number) => void;
}

/** Attempts in a row that bring nothing. */
const mostEmptyAttempts = 3;

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** SHA-256 of a file, in hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Is there a file of this name, size and content? */
export async function isIntact(path: string, { sha256, bytes }: PinnedPackage): Promise<boolean> {
  return (await sizeOf(path)) === bytes && (await digestOf(path)) === sha256;
}

/** One request for what is still missing of `part`; bytes that came before a failure stay. */
async function attempt({ url, headers }: Location, part: string, { fetch, stall = 60_000, progress }: Fetching): Promise<void> {
  const have = await sizeOf(part);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('nothing came for too long')), stall);
  try {
    const response = await fetch(url, {
      headers: { ...headers, 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) },
      signal: abort.signal,
    });
    if (!response.ok || response.body === null) throw new GraphError('not-found', `${url.host} answered ${response.status}`);
    const resumed = response.status === 206;
    const file = await open(part, resumed ? 'a' : 'w');
    let there = resumed ? have : 0;
    try {
      for await (const chunk of response.body) {
        timer.refresh();
        await file.write(chunk);
        there += chunk.length;
        progress?.(there);
      }
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Fetches a pinned wheel to `path`. An earlier attempt's bytes are gone on with; the file has its name only when size and SHA-256 are right.
 * Throws `not-found` when nothing comes any more, `not-allowed` when what came is not what was pinned.
 */
export async function download(pinned: PinnedPackage, { from, path }: { from: Location; path: string }, options: Fetching): Promise<void> {
  const part = `${path}.part`;
  if ((await sizeOf(part)) > pinned.bytes) await rm(part);
  for (let empty = 0; (await sizeOf(part)) < pinned.bytes; ) {
    const before = await sizeOf(part);
    const failure = await attempt(from, part, options).then(
      () => undefined,
      (thrown: unknown) => reasonOf(thrown),
    );
    empty = (await sizeOf(part)) > before ? 0 : empty + 1;
    if (empty < mostEmptyAttempts) continue;
    throw new GraphError(
      'not-found',
      `${pinned.file} could not be fetched: ${failure ?? 'the connection ended early'}. What came is kept: run the command again to go on.`,
    );
  }
  if (!(await isIntact(part, pinned))) {
    await rm(part);
    throw new GraphError(
      'not-allowed',
      `${pinned.file} is not the file that this version was made for (its SHA-256 differs), so it was deleted. Use another index with --index-url.`,
    );
  }
  await rename(part, path);
}
