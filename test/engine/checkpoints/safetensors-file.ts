import { writeFile } from 'node:fs/promises';

/** A tensor to be written; data in bytes. */
export interface Written {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** float32 values as a tensor. */
export const floats = (shape: readonly number[], values: ArrayLike<number>): Written => ({
  dtype: 'F32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});

/** The bytes of a file with any header at all. */
export function withHeader(header: string, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(header);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return Buffer.concat([length, text, data]);
}

/** The bytes of a sound file. */
export function safetensors(tensors: Readonly<Record<string, Written>>, metadata?: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    const range = [offset, offset + data.length];
    offset += data.length;
    return [name, { dtype, shape, data_offsets: range }] as const;
  });
  const header = { ...(metadata === undefined ? {} : { __metadata__: metadata }), ...Object.fromEntries(entries) };
  return withHeader(JSON.stringify(header), Buffer.concat(Object.values(tensors).map(({ data }) => data)));
}

/** Writes a sound file. */
export const writeSafetensors = (
  path: string,
  tensors: Readonly<Record<string, Written>>,
  metadata?: Readonly<Record<string, string>>,
): Promise<void> => writeFile(path, safetensors(tensors, metadata));
