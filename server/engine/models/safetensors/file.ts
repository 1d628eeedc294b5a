import { type FileHandle, open, realpath } from 'node:fs/promises';
import { fromHalves } from '../half.ts';
import { badFile, type Header, headerLength, readHeader, type StoredTensor } from './header.ts';

/** A checked .safetensors file. `path` is real: links are resolved. */
export interface SafetensorsFile extends Header {
  readonly path: string;
  readonly bytes: number;
}

async function withFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    throw badFile(path, `cannot be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  });
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
}

async function readRange(handle: FileHandle, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}

/** Opens a file, checks all its header says and gives where its tensors lie; no weight is read. Throws `bad-model`. */
export async function openSafetensors(given: string): Promise<SafetensorsFile> {
  const path = await realpath(given).catch(() => given);
  return withFile(path, async (handle) => {
    const found = await handle.stat();
    if (!found.isFile()) throw badFile(path, 'is no file');
    const source = { file: path, bytes: found.size };
    const length = headerLength(await readRange(handle, 0, 8), source);
    const text = new TextDecoder().decode(await readRange(handle, 8, length));
    return { path, bytes: found.size, ...readHeader(text, { ...source, dataStart: 8 + length }) };
  });
}

/** bfloat16 bits are the upper half of a float32. */
function fromBrainHalves(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (value) => value << 16).buffer);
}

/** The values of a tensor of floats as float32, `rows` of its first axis if given. Throws `bad-model`. */
export async function readFloats(tensor: StoredTensor, rows?: { readonly start: number; readonly count: number }): Promise<Float32Array> {
  const stride = tensor.bytes / Math.max(tensor.shape[0] ?? 1, 1);
  const { start, count } = rows ?? { start: 0, count: tensor.shape[0] ?? 1 };
  const raw = await withFile(tensor.file, (handle) => readRange(handle, tensor.offset + start * stride, count * stride));
  if (raw.length !== count * stride) throw badFile(tensor.file, 'has become shorter while it was read');
  switch (tensor.type) {
    case 'F32':
      return new Float32Array(raw.buffer);
    case 'F64':
      return Float32Array.from(new Float64Array(raw.buffer));
    case 'F16':
      return fromHalves(new Uint16Array(raw.buffer));
    case 'BF16':
      return fromBrainHalves(new Uint16Array(raw.buffer));
    default:
      throw badFile(tensor.file, `holds numbers of type ${tensor.type} where F32, F16 or BF16 is expected`);
  }
}
