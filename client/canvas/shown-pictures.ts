import type { ImageFile } from '../../nodes/kit/index.ts';

/** One picture of a node; `bitmap` comes when it is loaded. */
export interface ShownPicture {
  readonly file: ImageFile;
  bitmap?: ImageBitmap;
  failed?: boolean;
}

/** What is shown of a list of files; the old pictures stand until the new ones can take their place. */
export interface PictureList {
  pictures: readonly ShownPicture[];
  loading?: readonly ShownPicture[];
}

/** More than these are not drawn in a node. */
const most = 16;

/** Loads files and puts them in the place of what was there. True when they are the ones that are shown now. */
export async function showFiles(
  list: PictureList,
  files: readonly ImageFile[],
  load: (file: ImageFile) => Promise<Blob>,
): Promise<boolean> {
  const wanted: readonly ShownPicture[] = files.slice(0, most).map((file) => ({ file }));
  list.loading = wanted;
  if (list.pictures.every(({ bitmap }) => bitmap === undefined)) list.pictures = wanted;
  await Promise.all(wanted.map((picture) => fill(picture, load)));
  if (list.loading !== wanted) {
    closeAll(wanted);
    return false;
  }
  delete list.loading;
  const old = list.pictures;
  list.pictures = wanted;
  if (old !== wanted) closeAll(old);
  return true;
}

/** Lets bitmaps go. */
export function closeAll(pictures: readonly ShownPicture[]): void {
  for (const picture of pictures) {
    picture.bitmap?.close();
    delete picture.bitmap;
  }
}

async function fill(picture: ShownPicture, load: (file: ImageFile) => Promise<Blob>): Promise<void> {
  try {
    picture.bitmap = await createImageBitmap(await load(picture.file));
  } catch {
    picture.failed = true;
  }
}
