import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { fileInside } from './paths.ts';

/** A workflow that comes with the package; `id` is its path without `.json`, `group` the heading it stands under, '' at the top. */
export interface Template {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly group: string;
}

const Described = z.object({ extra: z.object({ name: z.string().optional(), description: z.string().optional() }).optional() });

const maxDepth = 3;

/** What the folders of templates are called. */
const headings: Readonly<Record<string, string>> = { learn: 'Learn diffusion' };

/** What the editor opens with; it stands before the others. */
const first = 'text-to-image';

/** `text-to-image` → `Text to image`. */
function titleOf(id: string): string {
  const words = (id.split('/').at(-1) ?? id).replace(/[-_]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

async function jsonFiles(folder: string, depth = 0): Promise<string[]> {
  const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const nested = await Promise.all(
    entries.map(async (entry) => {
      if (entry.isDirectory() && depth < maxDepth) return jsonFiles(join(folder, entry.name), depth + 1);
      return entry.isFile() && entry.name.endsWith('.json') ? [join(folder, entry.name)] : [];
    }),
  );
  return nested.flat();
}

async function describe(folder: string, file: string): Promise<Template | undefined> {
  const id = relative(folder, file).split(sep).join('/').slice(0, -'.json'.length);
  try {
    const { extra = {} } = Described.parse(JSON.parse(await readFile(file, 'utf8')));
    const folderName = id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : '';
    const group = headings[folderName] ?? folderName;
    return { id, title: extra.name ?? titleOf(id), description: extra.description ?? '', group };
  } catch {
    return undefined;
  }
}

/** All templates below a folder, ungrouped ones first; files that are no documents are left out. */
export async function listTemplates(folder: string): Promise<readonly Template[]> {
  const files = (await jsonFiles(folder)).sort();
  const templates = await Promise.all(files.map((file) => describe(folder, file)));
  const order = ({ group, id }: Template): string => `${group}\0${id === first ? 0 : 1}${id}`;
  return templates.filter((template) => template !== undefined).sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** The text of one template. Throws `bad-path` or `missing-file`. */
export async function readTemplate(folder: string, id: string): Promise<string> {
  return readFile(await fileInside(folder, `${id}.json`), 'utf8');
}
