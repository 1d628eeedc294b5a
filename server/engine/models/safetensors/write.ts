import { type FileHandle, open } from 'node:fs/promises';
import { toHalves } from '../half.ts';

/** A tensor that is to be written, of its shape and in its type. */
export interface PlannedTensor {
  readonly name: string;
  readonly type: 'F16' | 'F32';
  readonly shape: readonly number[];
}

/** Where a tensor's bytes will be in the file. */
export interface PlacedTensor extends PlannedTensor {
  readonly offset: number;
  readonly bytes: number;
}

/** A .safetensors file that is being written, its tensors in any order. */
export interface SafetensorsWriter {
  readonly tensors: readonly PlacedTensor[];
  put(tensor: PlacedTensor, values: Float32Array): Promise<void>;
  close(): Promise<void>;
}

const bytesOf = ({ type, shape }: PlannedTensor): number => shape.reduce((whole, side) => whole * side, type === 'F16' ? 2 : 4);

function headerOf(planned: readonly PlannedTensor[]): { header: Uint8Array; tensors: PlacedTensor[] } {
  let at = 0;
  const placed = planned.map((tensor) => {
    const bytes = bytesOf(tensor);
    at += bytes;
    return { ...tensor, offset: at - bytes, bytes };
  });
  const entries = placed.map(({ name, type, shape, offset, bytes }) => [
    name,
    { dtype: type, shape, data_offsets: [offset, offset + bytes] },
  ]);
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  return { header, tensors: placed.map((tensor) => ({ ...tensor, offset: tensor.offset + header.length })) };
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done, offset + done)).bytesWritten;
}

/** Begins a file with a header for tensors whose values come later. */
export async function writeSafetensors(path: string, planned: readonly PlannedTensor[]): Promise<SafetensorsWriter> {
  const { header, tensors } = headerOf(planned);
  const handle = await open(path, 'wx');
  await writeAll(handle, header, 0);
  return {
    tensors,
    async put({ type, offset }, values) {
      const stored = type === 'F16' ? toHalves(values) : values;
      await writeAll(handle, new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength), offset);
    },
    close: () => handle.close(),
  };
}
