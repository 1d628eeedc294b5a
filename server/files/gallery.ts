import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { ImageFile, ImageFolder } from '../../nodes/kit/index.ts';
import { hasImageName, type ImageHeader, readImageHeader } from './image-header.ts';

/** A picture in a list; `modified` in ms since 1970. */
export type ListedImage = ImageFile & { readonly modified: number };

/** Enough for the size of nearly every picture; JPEGs with a large colour profile are read once more. */
const headBytes = [4096, 512 * 1024];

/** Folders within folders that are looked into. */
const maxDepth = 8;

/** Pictures below `folder` by name, with `/`; links, dot files and everything else are left out. A missing folder is empty. */
export async function imageNames(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const full = join(path, entry.name);
      if (entry.isDirectory() && depth < maxDepth) await visit(full, depth + 1);
      else if (entry.isFile() && hasImageName(entry.name)) names.push(relative(folder, full).split(sep).join('/'));
    }
  };
  await visit(folder, 0);
  return names.sort();
}

/** Reads just enough of a picture to know its format and size; undefined if it is none. */
export async function probeImage(path: string): Promise<ImageHeader | undefined> {
  const file = await open(path, 'r');
  try {
    for (const length of headBytes) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, 0);
      const header = readImageHeader(buffer.subarray(0, bytesRead));
      if (header !== undefined || bytesRead < length) return header;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** Lists the pictures of folders, newest first; sizes are remembered until a file changes. */
export class Gallery {
  readonly #folders: Readonly<Record<ImageFolder, string>>;
  readonly #sizes = new Map<string, { readonly stamp: string; readonly header: ImageHeader | undefined }>();

  constructor(folders: Readonly<Record<ImageFolder, string>>) {
    this.#folders = folders;
  }

  /** At most `limit` pictures, of one folder within it if `under` says so; files that vanish meanwhile, or are no pictures inside, are left out. */
  async list(folder: ImageFolder, limit: number, under?: string): Promise<readonly ListedImage[]> {
    const root = this.#folders[folder];
    const all = await imageNames(root);
    const names = under === undefined ? all : all.filter((name) => name.startsWith(`${under}/`));
    const dated = await inTurns(names, async (name) => {
      const { mtimeMs, size } = await stat(join(root, name));
      return { name, modified: mtimeMs, stamp: `${mtimeMs} ${size}` };
    });
    const newest = dated.sort((a, b) => b.modified - a.modified || (a.name < b.name ? 1 : -1)).slice(0, limit);
    const sized = await inTurns(newest, async ({ name, modified, stamp }) => {
      const header = await this.#size(join(root, name), stamp);
      return header && { folder, name, width: header.width, height: header.height, modified };
    });
    return sized.filter((image) => image !== undefined);
  }

  async #size(path: string, stamp: string): Promise<ImageHeader | undefined> {
    const known = this.#sizes.get(path);
    if (known?.stamp === stamp) return known.header;
    const header = await probeImage(path);
    if (this.#sizes.size >= 5000) this.#sizes.clear();
    this.#sizes.set(path, { stamp, header });
    return header;
  }
}

/** Maps in order, 32 at a time; items whose files have vanished are left out. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += 32) {
    const settled = await Promise.allSettled(items.slice(start, start + 32).map(work));
    for (const result of settled) if (result.status === 'fulfilled') results.push(result.value);
  }
  return results;
}
