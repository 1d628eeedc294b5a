import { constants, copyFile, link, open, readFile, rm } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { GraphError, type ImageFile, quote } from '../../nodes/kit/index.ts';
import { type ImageFormat, type ImageHeader, isComplete, readImageHeader } from './image-header.ts';

/** Names that Windows keeps for devices; a file of ours must be copyable to there. */
const devices = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

const badName = (name: string, why: string): GraphError =>
  new GraphError(
    'bad-path',
    `${quote(name)} cannot be the name of a picture: ${why}. Rename it, for example to “picture.png”, and try again.`,
  );

/** Throws `bad-path` unless `name` is a plain file name on every system. */
export function checkUploadName(name: string): void {
  if (name === '' || Buffer.byteLength(name) > 200) throw badName(name, 'it has no characters, or more than 200');
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) throw badName(name, 'it holds a character that cannot be seen');
  if (/[/\\:*?"<>|]/.test(name)) throw badName(name, 'it holds one of / \\ : * ? " < > |');
  if (name.startsWith('.') || /[. ]$/.test(name)) throw badName(name, 'it begins with a dot, or ends with a dot or a space');
  if (devices.test(name.split('.')[0] ?? '')) throw badName(name, 'this name belongs to a device');
}

const extensions: Readonly<Record<ImageFormat, readonly string[]>> = { png: ['.png'], jpeg: ['.jpg', '.jpeg'], webp: ['.webp'] };

/** The name with an extension that tells the truth. */
function trueName(name: string, format: ImageFormat): string {
  const { name: stem, ext } = parse(name.normalize('NFC'));
  const fitting = extensions[format];
  return fitting.includes(ext.toLowerCase()) ? stem + ext : stem + (fitting[0] ?? '');
}

/** Throws `bad-image` or `too-large` unless the bytes are a whole PNG, JPEG or WebP of at most `pixels`. */
export function checkPicture(bytes: Uint8Array, pixels: number): ImageHeader {
  const header = readImageHeader(bytes);
  if (header === undefined) {
    throw new GraphError(
      'bad-image',
      'This file is no PNG, JPEG or WebP picture, whatever its name says. Save it in one of these formats and try again.',
    );
  }
  const { format, width, height } = header;
  if (width * height > pixels) {
    const most = `${Math.floor(pixels / 1e6)} million`;
    throw new GraphError(
      'too-large',
      `The picture has ${width} × ${height} pixels; at most ${most} are allowed. Scale it down and try again.`,
    );
  }
  if (!isComplete(bytes, format))
    throw new GraphError('bad-image', 'The picture is cut off before its end. Save it once more and try again.');
  return header;
}

/**
 * Moves an uploaded file into the input folder. The same picture again keeps its name; another one of the same name gets a number.
 * Throws `bad-path`, `bad-image` or `too-large`; the temporary file is gone in any case.
 */
export async function keepUpload(temporary: string, name: string, target: { folder: string; pixels: number }): Promise<ImageFile> {
  try {
    checkUploadName(name);
    const bytes = await readFile(temporary);
    const { format, width, height } = checkPicture(bytes, target.pixels);
    await flush(temporary);
    const kept = await place(temporary, bytes, { folder: target.folder, name: trueName(name, format) });
    return { folder: 'input', name: kept, width, height };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  await file.sync().finally(() => file.close());
}

async function place(temporary: string, bytes: Buffer, wanted: { folder: string; name: string }): Promise<string> {
  const { name: stem, ext } = parse(wanted.name);
  for (let count = 1; count < 10_000; count++) {
    const name = count === 1 ? wanted.name : `${stem}-${count}${ext}`;
    const path = join(wanted.folder, name);
    if (await putNew(temporary, path)) return name;
    const there = await readFile(path).catch(() => undefined);
    if (there?.equals(bytes)) return name;
  }
  throw badName(wanted.name, 'there are too many pictures of this name already');
}

/** Puts the file there whole or not at all; false if there is one already. */
async function putNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch((error: NodeJS.ErrnoException) => {
      // Some file systems have no hard links.
      if (error.code === 'EEXIST') throw error;
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
