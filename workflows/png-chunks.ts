import { GraphError } from '../nodes/kit/index.ts';
import { latin1 } from './bytes.ts';
import { crc32, crcTable } from './crc.ts';

/** One chunk; `data` is a view of the file. */
export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array;
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

/** Is this the start of a PNG file? */
export const isPng = (bytes: Uint8Array): boolean => signature.every((byte, index) => bytes[index] === byte);

/**
 * The chunks of a PNG in order, bounds checked; the CRC is checked of those that `wanted` names, and damaged ones are passed
 * over. Throws `bad-image` if it is no PNG or ends in the middle of a chunk.
 */
export function readChunks(bytes: Uint8Array, wanted: ReadonlySet<string>): readonly PngChunk[] {
  if (!isPng(bytes)) throw new GraphError('bad-image', 'This is not a PNG file: its first bytes are others. Choose a PNG.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const table = crcTable();
  const chunks: PngChunk[] = [];
  for (let at = signature.length; at < bytes.length; ) {
    if (at + 12 > bytes.length) throw cutOff();
    const length = view.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) throw cutOff();
    const type = latin1(bytes.subarray(at + 4, at + 8));
    const whole = !wanted.has(type) || crc32(bytes.subarray(at + 4, end), table) === view.getUint32(end);
    if (whole) chunks.push({ type, data: bytes.subarray(at + 8, end) });
    if (type === 'IEND') break;
    at = end + 4;
  }
  return chunks;
}

/** A PNG file of these chunks, with fresh CRCs. */
export function writeChunks(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  const table = crcTable();
  const bytes = new Uint8Array(chunks.reduce<number>((sum, chunk) => sum + chunk.data.length + 12, signature.length));
  const view = new DataView(bytes.buffer);
  bytes.set(signature);
  let at: number = signature.length;
  for (const { type, data } of chunks) {
    view.setUint32(at, data.length);
    for (let i = 0; i < 4; i++) bytes[at + 4 + i] = type.charCodeAt(i);
    bytes.set(data, at + 8);
    const end = at + 8 + data.length;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end), table));
    at = end + 4;
  }
  return bytes;
}

const cutOff = (): GraphError => new GraphError('bad-image', 'This PNG file is cut off in the middle. Get it again from where it came.');
