/** The picture formats that are taken in and given out. */
export const imageFormats = ['png', 'jpeg', 'webp'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** What the first bytes of a picture say; sizes in pixels. */
export interface ImageHeader {
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
}

const mimes: Readonly<Record<ImageFormat, string>> = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' };

/** The MIME type of a format. */
export const mimeOf = (format: ImageFormat): string => mimes[format];

/** Does a file of this name count as a picture? */
export const hasImageName = (name: string): boolean => /\.(png|jpe?g|webp)$/i.test(name);

const text = (bytes: Uint8Array, start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end));

/** Format and size by content, whatever the name says; undefined if it is no PNG, JPEG or WebP, or cut off before its size. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = (format: ImageFormat, width: number, height: number): ImageHeader | undefined =>
    width > 0 && height > 0 ? { format, width, height } : undefined;
  try {
    if (text(bytes, 0, 8) === '\x89PNG\r\n\x1a\n' && text(bytes, 12, 16) === 'IHDR')
      return size('png', view.getUint32(16), view.getUint32(20));
    if (view.getUint16(0) === 0xffd8) {
      const frame = jpegFrame(view);
      return frame === undefined ? undefined : size('jpeg', view.getUint16(frame + 7), view.getUint16(frame + 5));
    }
    if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP') return webpSize(view, text(bytes, 12, 16), size);
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
  }
  return undefined;
}

/** Offset of the first frame header (SOF0 … SOF15) of a JPEG. */
function jpegFrame(view: DataView): number | undefined {
  for (let at = 2; view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) return at;
    if (marker === 0xda || marker === 0xd9) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

type Sized = (format: ImageFormat, width: number, height: number) => ImageHeader | undefined;

function webpSize(view: DataView, chunk: string, size: Sized): ImageHeader | undefined {
  const u24 = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (chunk === 'VP8X') return size('webp', u24(24) + 1, u24(27) + 1);
  if (chunk === 'VP8 ') return size('webp', view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
  if (chunk !== 'VP8L') return undefined;
  const bits = view.getUint32(21, true);
  return size('webp', (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
}

/** Is the file there to its end? Looks at the structure only, decodes nothing. */
export function isComplete(bytes: Uint8Array, format: ImageFormat): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (format === 'webp') return view.getUint32(4, true) + 8 <= bytes.length;
  if (format === 'jpeg') return lastMarker(bytes);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (text(bytes, at + 4, at + 8) === 'IEND') return true;
  }
  return false;
}

/** Cameras append data after the end of a JPEG, so its end marker need not be the last two bytes. */
function lastMarker(bytes: Uint8Array): boolean {
  for (let at = bytes.length - 2; at > 1; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}
