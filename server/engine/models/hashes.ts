import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../../files/write-whole.ts';
import { isNamed } from './embeddings.ts';
import { findModel } from './list.ts';
import type { NamedFile } from './named-files.ts';
import { findPart, locateParts } from './part-files.ts';

const Kept = z.record(z.string(), z.string());

/** Of files that were hashed, so many are remembered. */
const mostFiles = 5000;

interface ModelFile {
  readonly path: string;
  /** Place, size and time: what is hashed again when it changes. */
  readonly identity: string;
}

async function filesOf(model: string): Promise<readonly ModelFile[]> {
  const own = await stat(model);
  const entries = own.isFile() ? undefined : await readdir(model, { withFileTypes: true, recursive: true });
  const paths = entries?.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)) ?? [model];
  const found = await Promise.all(
    paths.sort().map(async (path) => {
      const { size, mtimeMs } = await stat(path);
      return { path, identity: `${path}:${size}:${mtimeMs}` };
    }),
  );
  return found;
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
}

/** Where a file lies; undefined for an embedding that is not there. Throws `missing-model` for others. */
async function locate(
  { kind, name }: NamedFile,
  roots: readonly [string, ...string[]],
): Promise<{ readonly path: string; readonly beside?: string } | undefined> {
  const [folder, ...extra] = roots;
  if (kind === 'checkpoints') return findModel(folder, name, extra);
  return kind === 'embeddings' ? (await locateParts('embeddings', roots)).find(isNamed(name)) : findPart(kind, name, roots);
}

/** SHA-256 of models' files, remembered in a file by place, size and time, so that a model of many gigabytes is read once. */
export class ModelHashes {
  readonly #models: readonly [string, ...string[]];
  readonly #file: string;
  #known: Promise<Map<string, string>> | undefined;
  readonly #hashing = new Map<string, Promise<string>>();

  /** `models` is the folder of `--models` and those of `--extra-models`, `file` where hashes are kept. */
  constructor(models: readonly [string, ...string[]], file: string) {
    this.#models = models;
    this.#file = file;
  }

  /** By path below the model's folder, or by name; empty for what is not there. */
  async of(file: NamedFile): Promise<Readonly<Record<string, string>>> {
    const { name } = file;
    const location = await locate(file, this.#models).catch(() => undefined);
    if (location === undefined) return {};
    const { path: root, beside } = location;
    const files = [...(await filesOf(root)), ...(beside === undefined ? [] : await filesOf(beside))];
    const known = await this.#remembered();
    const before = known.size;
    const entries = await Promise.all(
      files.map(async ({ path, identity }): Promise<[string, string]> => {
        const below = beside === undefined ? relative(root, path).split(sep).join('/') : basename(path);
        const hash = known.get(identity) ?? (await this.#hash(path, identity));
        known.set(identity, hash);
        return [below === '' ? name : below, hash];
      }),
    );
    if (known.size > before) await this.#keep(known);
    return Object.fromEntries(entries);
  }

  #remembered(): Promise<Map<string, string>> {
    this.#known ??= readFile(this.#file, 'utf8').then(
      (text) => new Map(Object.entries(Kept.parse(JSON.parse(text)))),
      () => new Map(),
    );
    return this.#known.catch(() => new Map());
  }

  #hash(path: string, identity: string): Promise<string> {
    const hashing = this.#hashing.get(identity) ?? hashFile(path).finally(() => this.#hashing.delete(identity));
    this.#hashing.set(identity, hashing);
    return hashing;
  }

  /** What cannot be remembered is hashed again next time. */
  async #keep(known: ReadonlyMap<string, string>): Promise<void> {
    const entries = [...known].slice(-mostFiles);
    await mkdir(dirname(this.#file), { recursive: true })
      .then(() => writeWhole(this.#file, JSON.stringify(Object.fromEntries(entries))))
      .catch(() => undefined);
  }
}
