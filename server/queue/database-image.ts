import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, createBrotliDecompress } from 'node:zlib';
import { z } from 'zod';
import { packageRoot, packageVersion } from '../files/package-root.ts';
import { schemaStatements } from './schema.ts';

/** What stands before the bytes, as a line of JSON: every folder, and every file with its length in bytes, in order. */
const Contents = z.object({
  folders: z.array(z.string()),
  files: z.array(z.tuple([z.string(), z.number().int().nonnegative()])),
});
type Contents = z.infer<typeof Contents>;

/** Where the image of this version's new database is built; its name says PGlite's version and our tables, so that another version's is never taken. */
export async function imagePath(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.resolve('@electric-sql/pglite')));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  const of = JSON.stringify([await packageVersion(folder), schemaStatements]);
  const key = createHash('sha256').update(of).digest('hex').slice(0, 16);
  return join(packageRoot(), 'dist', 'database', `queue-${key}.image`);
}

/** Writes the folder of a closed database into one file, compressed by Brotli. */
export async function writeImage(folder: string, file: string): Promise<void> {
  const entries = (await readdir(folder, { recursive: true, withFileTypes: true })).map((entry) => ({
    isFolder: entry.isDirectory(),
    path: relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'),
  }));
  const folders = entries.filter(({ isFolder }) => isFolder).map(({ path }) => path);
  // PostgreSQL has the same tables three times; side by side they take the place of one.
  const order = (path: string): string => `${basename(path)} ${path}`;
  const paths = entries.filter(({ isFolder, path }) => !isFolder && path !== 'postmaster.pid').map(({ path }) => path);
  paths.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const bytes = await Promise.all(paths.map((path) => readFile(join(folder, path))));
  const contents: Contents = { folders, files: paths.map((path, index): [string, number] => [path, bytes[index]?.length ?? 0]) };
  const whole = Buffer.concat([Buffer.from(`${JSON.stringify(contents)}\n`), ...bytes]);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 22 };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, brotliCompressSync(whole, { params }));
}

/** Makes the folder of a database from an image. */
export async function unpackImage(file: string, folder: string): Promise<void> {
  await pipeline(createReadStream(file), createBrotliDecompress(), async (chunks: AsyncIterable<Buffer>) => {
    const bytes = new ByteReader(chunks);
    const { folders, files } = Contents.parse(JSON.parse(await bytes.line()));
    for (const path of ['', ...folders]) await mkdir(join(folder, path), { recursive: true, mode: 0o700 });
    for (const [path, length] of files) await writeFrom(bytes, length, join(folder, path));
    await bytes.end();
  });
}

async function writeFrom(bytes: ByteReader, length: number, path: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    for (let left = length; left > 0; ) {
      const part = await bytes.atMost(left);
      await file.writeFile(part);
      left -= part.length;
    }
  } finally {
    await file.close();
  }
}

/** Chunks as one row of bytes. */
class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Up to the next newline, without it. */
  async line(): Promise<string> {
    const parts: Buffer[] = [];
    for (;;) {
      const part = await this.atMost(Number.POSITIVE_INFINITY);
      const end = part.indexOf(0x0a);
      parts.push(end < 0 ? part : part.subarray(0, end));
      if (end < 0) continue;
      this.#rest = part.subarray(end + 1);
      return Buffer.concat(parts).toString('utf8');
    }
  }

  /** The next bytes, one at least. */
  async atMost(count: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done === true) throw new Error('The image of the queue’s database is cut short.');
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Nothing is to follow. */
  async end(): Promise<void> {
    if (this.#rest.length > 0 || (await this.#chunks.next()).done !== true)
      throw new Error('The image of the queue’s database is too long.');
  }
}
