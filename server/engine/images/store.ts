import { createHash } from 'node:crypto';
import { link, mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { resampleLanczos } from '../../../nodes/diffusion/lanczos.ts';
import { resample } from '../../../nodes/diffusion/resample.ts';
import { GraphError, type Image, type ImageFile, type ImageStore, type Picture, type ResizeMethod } from '../../../nodes/kit/index.ts';
import { writePngText } from '../../../workflows/index.ts';
import { type DataFolders, fileInside } from '../../files/paths.ts';
import { type PictureKey, writeUnfinished } from '../../files/saved-pictures.ts';
import { writeExact, writeNumbered, writing } from '../../files/write-numbered.ts';
import { decodeImage, encodePng, toBytes } from './codec.ts';
import { fillName, splitPrefix } from './file-names.ts';

/** Text that saved pictures carry, by keyword: `workflow`, `prompt`. */
export type PictureText = ReadonlyMap<string, string>;

/** What the store of one run is made of. */
export interface ImageStoreOptions {
  readonly folders: DataFolders['images'];
  /** What the n-th picture that is saved carries, counted from 1. */
  readonly text: (picture: number) => PictureText | Promise<PictureText>;
  /** Exact name below the output folder, without ending, in place of what a node says; a file of that name is replaced. */
  readonly saveAs?: string | undefined;
  readonly now: () => Date;
  /** The job that saves, so that it has its pictures once though it may run twice. */
  readonly job?: Omit<PictureKey, 'key'>;
}

const savedLevel = 4;
const shownLevel = 1;
/** Largest side of a picture that ImageScale may make. */
const longestSide = 16_384;

const isTaken = (thrown: unknown): boolean => thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST';

/** Pictures of one run, in the folders below `--data`. */
export function imageStore({ folders, text, now, job, saveAs }: ImageStoreOptions): ImageStore {
  let count = 0;
  const saved = new Map<string, number>();
  const nextKey = (prefix: string): PictureKey | undefined => {
    const number = (saved.get(prefix) ?? 0) + 1;
    saved.set(prefix, number);
    return job && { ...job, key: `${number} ${prefix}` };
  };
  return {
    async load(name) {
      return decodeImage(await fileInside(folders.input, name), name);
    },
    async identity(name) {
      const { size, mtimeMs } = await stat(await fileInside(folders.input, name));
      return `${size}:${mtimeMs}`;
    },
    async save(image, prefix, { metadata } = { metadata: true }) {
      const { width, height } = toBytes(image, 0);
      const { folder, base } = splitPrefix(saveAs ?? fillName(prefix, { width, height, now: now() }));
      const place = { root: folders.output, folder, base };
      const files: ImageFile[] = [];
      for (const picture of pictures(image)) {
        const number = ++count;
        const png = writePngText(await encodePng(picture, savedLevel), metadata ? await text(number) : []);
        const name = saveAs === undefined ? await writeNumbered(place, png, nextKey(prefix)) : await writeExact(place, png, number);
        files.push({ folder: 'output', name, width, height });
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
