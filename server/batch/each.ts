import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Catalogue, GraphError, quote } from '../../nodes/kit/index.ts';
import { type BatchRow, rowsOfCsv, rowsOfJsonl, rowsOfPictures, specOfType, type WorkflowSource } from '../../workflows/index.ts';
import type { DataFolders } from '../files/paths.ts';
import { keepUpload } from '../files/uploads.ts';
import { defaultLimits } from '../security/limits.ts';

/** A table larger than this is refused, in bytes. */
const mostBytes = 64_000_000;

const isPicture = (name: string): boolean => /\.(png|jpe?g|webp)$/i.test(name) && !name.startsWith('.');

/** Where `--each` points to: rows, and the folder of pictures if they are such. */
export interface Each {
  readonly rows: readonly BatchRow[];
  readonly pictures?: string;
}

/** Rows of a .csv or .jsonl file, or of the pictures of a folder by name. Throws `missing-file`, `bad-document` or `too-large`. */
export async function readEach(path: string): Promise<Each> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new GraphError('missing-file', `There is no file or folder ${path} for --each. Give a .csv, a .jsonl, or a folder of pictures.`);
  if (found.isDirectory()) return { rows: await pictureRows(path), pictures: path };
  if (found.size > mostBytes)
    throw new GraphError('too-large', `${path} has ${found.size} bytes; at most ${mostBytes} are read. Split it.`);
  const text = await readFile(path, 'utf8');
  if (/\.(jsonl|ndjson)$/i.test(path)) return { rows: rowsOfJsonl(text) };
  if (/\.(csv|tsv)$/i.test(path)) return { rows: rowsOfCsv(text) };
  throw new GraphError('bad-value', `--each takes a .csv, a .jsonl, or a folder of pictures, got ${quote(basename(path))}.`);
}

/** The pictures of a folder as rows, in the order of their names. Throws `missing-file` if there are none. */
export async function pictureRows(folder: string): Promise<readonly BatchRow[]> {
  const names = (await readdir(folder)).filter(isPicture).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (names.length === 0) throw new GraphError('missing-file', `The folder ${folder} holds no PNG, JPEG or WebP pictures.`);
  return rowsOfPictures(names, pictureColumn);
}

/** Column that holds the name of the file as it lies in its folder. */
export const pictureColumn = 'picture';

/** The one field of a workflow that takes a picture of the input folder, as `node.field`. Throws `bad-value` if there is none, or more than one. */
export function pictureField({ workflow }: WorkflowSource, catalogue: Catalogue): string {
  const fields = [...workflow.nodes.values()].flatMap(({ id, type }) =>
    (specOfType(type, catalogue)?.inputs ?? []).flatMap(({ name, widget }) =>
      widget?.kind === 'choice' && widget.source === 'input-images' ? [`${id}.${name}`] : [],
    ),
  );
  const [field] = fields;
  if (field !== undefined && fields.length === 1) return field;
  const why = field === undefined ? 'no node takes one' : `several do (${fields.join(', ')})`;
  throw new GraphError(
    'bad-value',
    `It is not clear where the pictures of the folder go: ${why}. Name the field, such as 3.image; on the command line with --each-field.`,
  );
}

/** Puts a picture into the input folder, unless it lies there, and gives its name there. Throws `bad-image`, `bad-path` or `too-large`. */
export async function importPicture(folder: string, name: string, { images, uploads }: DataFolders): Promise<string> {
  await Promise.all([images.input, uploads].map((path) => mkdir(path, { recursive: true })));
  if ((await realpath(folder)) === (await realpath(images.input))) return name;
  const draft = join(uploads, randomUUID());
  await copyFile(join(folder, name), draft);
  const kept = await keepUpload(draft, name, { folder: images.input, pixels: defaultLimits.pixels });
  return kept.name;
}
