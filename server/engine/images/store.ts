import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, realpath, rm, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { resampleLanczos } from '../../../nodes/diffusion/lanczos.ts';
import { resample } from '../../../nodes/diffusion/resample.ts';
import {
  GraphError,
  type Image,
  type ImageFile,
  type ImageStore,
  type Picture,
  quote,
  type ResizeMethod,
} from '../../../nodes/kit/index.ts';
import { writePngText } from '../../../workflows/index.ts';
import { type DataFolders, fileInside } from '../../files/paths.ts';
import { decodeImage, encodePng, toBytes } from './codec.ts';
import { fillName, nextNumber, numberedName, splitPrefix } from './file-names.ts';

/** Text that saved pictures carry, by keyword: `workflow`, `prompt`. */
export type PictureText = ReadonlyMap<string, string>;

/** What the store of one run is made of. */
export interface ImageStoreOptions {
  readonly folders: DataFolders['images'];
  readonly text: PictureText;
  readonly now: () => Date;
}

const savedLevel = 4;
const shownLevel = 1;
/** Largest side of a picture that ImageScale may make. */
const longestSide = 16_384;

/** Says in a sentence why the system does not let a picture be written below `folder`. */
async function writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof Error && 'syscall' in thrown)) throw thrown;
    throw new GraphError(
      'bad-path',
      `The picture cannot be written to ${folder}: ${thrown.message}. Make room there, or choose a folder that can be written.`,
      { cause: thrown },
    );
  }
}

const isTaken = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';

/** Pictures of one run, in the folders below `--data`. */
export function imageStore({ folders, text, now }: ImageStoreOptions): ImageStore {
  return {
    async load(name) {
      return decodeImage(await fileInside(folders.input, name), name);
    },
    async identity(name) {
      const { size, mtimeMs } = await stat(await fileInside(folders.input, name));
      return `${size}:${mtimeMs}`;
    },
    async save(image, prefix) {
      const { width, height } = toBytes(image, 0);
      const { folder, base } = splitPrefix(fillName(prefix, { width, height, now: now() }));
      const target = await writing(folders.output, () => folderInside(folders.output, folder));
      const files: ImageFile[] = [];
      for (const picture of pictures(image)) {
        const png = writePngText(await encodePng(picture, savedLevel), text);
        const name = await writing(target, () => writeNumbered(target, base, png));
        files.push({ folder: 'output', name: folder === '' ? name : `${folder}/${name}`, width, height });
      }
      return files;
    },
    show: (image) => writing(folders.preview, () => Promise.all(pictures(image).map((picture) => showPicture(folders.preview, picture)))),
    has: ({ folder, name }) => isThere(join(folders[folder], name)),
    resize: (image, size) => resizeImage(image, size),
  };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const pictures = (image: Image): Picture[] => Array.from({ length: image.dims[0] ?? 0 }, (_, index) => toBytes(image, index));

async function resizeImage(image: Image, size: { width: number; height: number; method: ResizeMethod }): Promise<Image> {
  const { width, height, method } = size;
  if (!(width >= 1 && height >= 1 && width <= longestSide && height <= longestSide)) {
    throw new GraphError('size-mismatch', `The new size would be ${width}×${height}. Each side must be from 1 to ${longestSide} pixels.`);
  }
  return method === 'lanczos' ? resampleLanczos(image, size) : resample(image, { width, height, method });
}

/** Makes `folder` below `root`, one level after the other; throws `bad-path`, with nothing made outside, if a link leads out. */
async function folderInside(root: string, folder: string): Promise<string> {
  await mkdir(root, { recursive: true });
  const home = await realpath(root);
  let path = home;
  for (const part of folder === '' ? [] : folder.split('/')) {
    path = await realpath(await madeFolder(join(path, part)));
    if (path.startsWith(home + sep)) continue;
    throw new GraphError('bad-path', `The folder ${quote(folder)} leads out of the output folder by a link. Choose another name.`, {
      place: { port: 'filename_prefix' },
    });
  }
  return path;
}

async function madeFolder(path: string): Promise<string> {
  await mkdir(path).catch((thrown: unknown) => {
    if (!isTaken(thrown)) throw thrown;
  });
  return path;
}

/** Writes a file under a name nobody sees yet; one that is to be kept is synced to the disk. */
async function writeUnfinished(folder: string, bytes: Uint8Array, { kept }: { kept: boolean }): Promise<string> {
  const path = join(folder, `.${randomUUID()}.part`);
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    if (kept) await handle.sync();
  } finally {
    await handle.close();
  }
  return path;
}

/** Puts bytes under the next free number. A name is taken by a hard link, which fails if it exists: no race, no half-written file. */
async function writeNumbered(folder: string, base: string, bytes: Uint8Array): Promise<string> {
  const unfinished = await writeUnfinished(folder, bytes, { kept: true });
  try {
    for (let number = nextNumber(await readdir(folder), base); ; number++) {
      const name = numberedName(base, number);
      try {
        await link(unfinished, join(folder, name));
        return name;
      } catch (thrown) {
        if (!isTaken(thrown)) throw thrown;
      }
    }
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** Writes a picture that is only looked at; its name is its content, so the same picture is written once. */
async function showPicture(folder: string, picture: Picture): Promise<ImageFile> {
  const { width, height } = picture;
  const name = `${createHash('sha256').update(`${width}x${height}`).update(picture.rgb).digest('hex').slice(0, 32)}.png`;
  const file: ImageFile = { folder: 'preview', name, width, height };
  const path = join(folder, name);
  if (await isThere(path)) return file;
  await mkdir(folder, { recursive: true });
  const unfinished = await writeUnfinished(folder, await encodePng(picture, shownLevel), { kept: false });
  try {
    await link(unfinished, path).catch((thrown: unknown) => {
      if (!isTaken(thrown)) throw thrown;
    });
  } finally {
    await rm(unfinished, { force: true });
  }
  return file;
}
