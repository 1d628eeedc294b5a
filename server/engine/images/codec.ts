import type Sharp from 'sharp';
import { GraphError, type Image, type Mask, type Picture } from '../../../nodes/kit/index.ts';

/** More pixels than this are refused before they are unpacked. */
const mostPixels = 100_000_000;
/** Frames of an animation beyond this are not read. */
const mostFrames = 512;

type SharpModule = typeof Sharp;

async function load(): Promise<SharpModule> {
  const { default: sharp } = await import('sharp');
  return sharp;
}

/** Loads the image library ahead of the first picture, whose previews would else come late. */
export async function prepareImages(): Promise<void> {
  await load();
}

/** What a file holds: pictures `[b, h, w, 3]` and masks `[b, h, w]`, 1 where transparent. */
export interface Decoded {
  readonly image: Image;
  readonly mask: Mask;
}

/** Opens PNG, JPEG, WebP, GIF, AVIF or TIFF; turned as EXIF says; frames become a batch. Throws `bad-image`. */
export async function decodeImage(file: string, name: string): Promise<Decoded> {
  const sharp = await load();
  try {
    const source = sharp(file, { limitInputPixels: mostPixels, pages: -1, failOn: 'error' });
    const { pages = 1 } = await source.metadata();
    const still = pages === 1 ? sharp(file, { limitInputPixels: mostPixels, failOn: 'error' }).autoOrient() : source;
    const { data, info } = await still.toColourspace('srgb').ensureAlpha().raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return split(data, { frames: Math.min(pages, mostFrames), width: info.width, height: info.pageHeight ?? info.height });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new GraphError(
      'bad-image',
      `The picture “${name}” cannot be opened: ${reason}. Use a whole PNG, JPEG, WebP or GIF of at most 100 megapixels.`,
      {
        cause: thrown,
      },
    );
  }
}

function split(rgba: Uint8Array, { frames, width, height }: { frames: number; width: number; height: number }): Decoded {
  const pixels = frames * width * height;
  const image = new Float32Array(3 * pixels);
  const mask = new Float32Array(pixels);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) image[3 * i + c] = (rgba[4 * i + c] ?? 0) / 255;
    mask[i] = 1 - (rgba[4 * i + 3] ?? 255) / 255;
  }
  return { image: { dims: [frames, height, width, 3], data: image }, mask: { dims: [frames, height, width], data: mask } };
}

/** Item `index` of a batch as bytes: 255·x cut off to 0…255 and truncated, as ComfyUI does. */
export function toBytes({ dims: [, height = 0, width = 0, channels = 0], data }: Image, index: number): Picture {
  const size = height * width * channels;
  const rgb = new Uint8Array(size);
  for (let i = 0; i < size; i++) rgb[i] = Math.min(Math.max(255 * (data[index * size + i] ?? 0), 0), 255);
  return { width, height, rgb };
}

const raw = ({ width, height }: Picture): { raw: { width: number; height: number; channels: 3 } } => ({
  raw: { width, height, channels: 3 },
});

/** PNG bytes; `level` is zlib's, 0…9. */
export async function encodePng(picture: Picture, level: number): Promise<Uint8Array> {
  const sharp = await load();
  return sharp(picture.rgb, raw(picture)).png({ compressionLevel: level }).toBuffer();
}

/** JPEG bytes for a preview; `quality` 1…100. */
export async function encodeJpeg(picture: Picture, quality: number): Promise<Uint8Array> {
  const sharp = await load();
  return sharp(picture.rgb, raw(picture)).jpeg({ quality }).toBuffer();
}

/** Writes a smaller WebP of a picture to `to`; `width` in pixels. */
export async function shrink({ from, to, width }: { from: string; to: string; width: number }): Promise<void> {
  const sharp = await load();
  const source = sharp(from, { limitInputPixels: mostPixels }).autoOrient();
  await source.resize({ width, withoutEnlargement: true }).webp({ quality: 80 }).toFile(to);
}

/** A picture of pictures: each file scaled into its place, then an SVG drawn over all of it; pixels. */
export interface Collage {
  readonly width: number;
  readonly height: number;
  readonly cells: readonly {
    readonly file: string;
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly svg: string;
}

/** The pixel size of a picture file. */
export async function sizeOfImage(file: string): Promise<{ width: number; height: number }> {
  const sharp = await load();
  const { width, height } = await sharp(file, { limitInputPixels: mostPixels }).metadata();
  return { width, height };
}

/** PNG bytes of a collage, on white. */
export async function encodeCollage({ width, height, cells, svg }: Collage): Promise<Uint8Array> {
  const sharp = await load();
  const tiles = await Promise.all(
    cells.map(async ({ file, left, top, width: across, height: down }) => ({
      input: await sharp(file, { limitInputPixels: mostPixels })
        .resize(across, down, { fit: 'contain', background: '#fff' })
        .png()
        .toBuffer(),
      left,
      top,
    })),
  );
  const canvas = sharp({ create: { width, height, channels: 3, background: '#fff' } });
  return canvas
    .composite([...tiles, { input: Buffer.from(svg), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

/** The pixels of a picture file, RGB, row by row. */
export async function readPixels(file: string): Promise<{ width: number; height: number; rgb: Uint8Array }> {
  const sharp = await load();
  const { data, info } = await sharp(file, { limitInputPixels: mostPixels, failOn: 'error' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgb: data };
}
