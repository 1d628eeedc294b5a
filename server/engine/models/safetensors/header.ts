import { GraphError, quote } from '../../../../nodes/kit/index.ts';
import { isRecord } from '../../../../workflows/index.ts';

/** Bytes of one element, by the format's own names. */
export const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
} as const;

/** An element type of the format. */
export type ElementType = keyof typeof elementBytes;

/** One tensor: `offset` and `bytes` are its range in the file. */
export interface StoredTensor {
  /** Absolute path. */
  readonly file: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
}

/** What a header says. */
export interface Header {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** More than any model needs; a file beyond them is broken or made to harm. */
export const headerLimits = { bytes: 32 * 2 ** 20, tensors: 50_000, rank: 8 } as const;

/** The file being read, for messages and bounds. */
export interface HeaderSource {
  readonly file: string;
  readonly bytes: number;
}

/** A `bad-model` error of a file. `what` goes on from “The file … ”. */
export const badFile = (file: string, what: string): GraphError =>
  new GraphError('bad-model', `The file ${file} ${what}. Download it again, or choose another.`);

const isElementType = (value: unknown): value is ElementType => typeof value === 'string' && Object.hasOwn(elementBytes, value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);

/** Length of the header in bytes from the first 8 bytes of a file. Throws `bad-model` if it cannot be. */
export function headerLength(prefix: Uint8Array, { file, bytes }: HeaderSource): number {
  if (prefix.length < 8) throw badFile(file, 'is too short to be a .safetensors file');
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(headerLimits.bytes))
    throw badFile(file, `is no .safetensors file: its header would be ${length} bytes long, at most ${headerLimits.bytes} are allowed`);
  if (Number(length) > bytes - 8)
    throw badFile(file, `is cut short: its header alone needs ${Number(length) + 8} bytes, there are ${bytes}`);
  return Number(length);
}

function readTensor(name: string, entry: unknown, source: HeaderSource & { dataStart: number }): StoredTensor {
  const { file, bytes, dataStart } = source;
  const bad = (what: string): GraphError => badFile(file, `has a broken header: tensor ${quote(name.slice(0, 100))} ${what}`);
  if (!isRecord(entry)) throw bad('is not described by an object');
  const { dtype, shape, data_offsets: range } = entry;
  if (!isElementType(dtype)) throw bad(`has the unknown element type ${JSON.stringify(dtype)?.slice(0, 40)}`);
  if (!isCounts(shape) || shape.length > headerLimits.rank) throw bad('has no shape of whole numbers');
  if (!isCounts(range) || range.length !== 2) throw bad('has no pair of offsets');
  const [begin = 0, end = 0] = range;
  const needed = shape.reduce((product, side) => product * side, elementBytes[dtype]);
  if (end < begin || end - begin !== needed)
    throw bad(`has shape [${shape.join(', ')}], which is ${needed} bytes of ${dtype}, but ${end - begin} bytes are given`);
  if (end > bytes - dataStart) throw bad(`ends ${end - (bytes - dataStart)} bytes after the end of the file, which is cut short`);
  return { file, type: dtype, shape, offset: dataStart + begin, bytes: needed };
}

function checkOverlaps(tensors: ReadonlyMap<string, StoredTensor>, file: string): void {
  const sorted = [...tensors].filter(([, { bytes }]) => bytes > 0).sort(([, a], [, b]) => a.offset - b.offset);
  for (const [i, [name, { offset }]] of sorted.entries()) {
    const [before, { offset: start, bytes }] = sorted[i - 1] ?? ['', { offset: 0, bytes: 0 }];
    if (i > 0 && start + bytes > offset)
      throw badFile(file, `has a broken header: the tensors ${quote(before.slice(0, 100))} and ${quote(name.slice(0, 100))} overlap`);
  }
}

/** Reads and checks a header: element types, shapes against ranges, bounds, overlaps. Throws `bad-model` that names the tensor. */
export function readHeader(text: string, source: HeaderSource & { dataStart: number }): Header {
  const { file } = source;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw badFile(file, 'has a broken header: it is not JSON');
  }
  if (!isRecord(parsed)) throw badFile(file, 'has a broken header: it is no JSON object');
  const { __metadata__: described, ...entries } = parsed;
  const names = Object.keys(entries);
  if (names.length > headerLimits.tensors)
    throw badFile(file, `holds ${names.length} tensors, at most ${headerLimits.tensors} are allowed`);
  const tensors = new Map(names.map((name) => [name, readTensor(name, entries[name], source)]));
  checkOverlaps(tensors, file);
  const texts = Object.entries(isRecord(described) ? described : {});
  return { tensors, metadata: new Map(texts.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []))) };
}
