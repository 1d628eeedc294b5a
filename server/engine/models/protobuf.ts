/** One field of a protobuf message as it lies on the wire: a number (wire type 0), or bytes (2; 1 and 5 are 8 and 4 of them). */
export type Field =
  | { readonly number: number; readonly wire: 0; readonly value: bigint }
  | { readonly number: number; readonly wire: 1 | 2 | 5; readonly bytes: Uint8Array };

const malformed = (): RangeError => new RangeError('Protobuf parsing failed: the message is cut short or no message.');

/** Reads the varint at `at`; gives it with the place after it. */
function readVarint(bytes: Uint8Array, at: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) throw malformed();
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  throw malformed();
}

/** The fields of a message in order; bytes are views on the message. Throws RangeError. */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const key = readVarint(bytes, at);
    const number = Number(key.value >> 3n);
    const wire = Number(key.value & 7n);
    if (wire === 0) {
      const { value, next } = readVarint(bytes, key.next);
      fields.push({ number, wire, value });
      at = next;
      continue;
    }
    if (wire !== 1 && wire !== 2 && wire !== 5) throw malformed();
    const length = wire === 2 ? readVarint(bytes, key.next) : { value: wire === 1 ? 8n : 4n, next: key.next };
    const end = length.next + Number(length.value);
    if (end > bytes.length) throw malformed();
    fields.push({ number, wire, bytes: bytes.subarray(length.next, end) });
    at = end;
  }
  return fields;
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** The bytes of a message. */
export function writeFields(fields: readonly Field[]): Uint8Array {
  const parts = fields.flatMap((field): Uint8Array[] => {
    const key = varint(BigInt((field.number << 3) | field.wire));
    if (field.wire === 0) return [Uint8Array.from([...key, ...varint(field.value)])];
    return [Uint8Array.from(field.wire === 2 ? [...key, ...varint(BigInt(field.bytes.length))] : key), field.bytes];
  });
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A string field. */
export const textField = (number: number, value: string): Field => ({ number, wire: 2, bytes: new TextEncoder().encode(value) });

/** A whole-number field. */
export const numberField = (number: number, value: number): Field => ({ number, wire: 0, value: BigInt(value) });

/** A field of bytes. */
export const bytesField = (number: number, bytes: Uint8Array): Field => ({ number, wire: 2, bytes });

/** A float32 field. */
export const floatField = (number: number, value: number): Field => ({
  number,
  wire: 5,
  bytes: new Uint8Array(Float32Array.of(value).buffer),
});

/** A list of whole numbers, packed. */
export const numbersField = (number: number, values: readonly number[]): Field =>
  bytesField(number, Uint8Array.from(values.flatMap((value) => varint(BigInt(value)))));

/** A field that holds a message. */
export const messageField = (number: number, fields: readonly Field[]): Field => ({ number, wire: 2, bytes: writeFields(fields) });

/** The bytes of every field of this number. */
export const bytesOfFields = (fields: readonly Field[], number: number): Uint8Array[] =>
  fields.flatMap((field) => (field.number === number && field.wire === 2 ? [field.bytes] : []));

/** The strings of every field of this number. */
export const textsOf = (fields: readonly Field[], number: number): string[] =>
  bytesOfFields(fields, number).map((bytes) => new TextDecoder().decode(bytes));

/** All whole numbers of every field of this number, packed or not. */
export function numbersOf(fields: readonly Field[], number: number): number[] {
  return fields.flatMap((field) => {
    if (field.number !== number) return [];
    if (field.wire === 0) return [Number(field.value)];
    const values: number[] = [];
    for (let at = 0; at < field.bytes.length; ) {
      const { value, next } = readVarint(field.bytes, at);
      values.push(Number(value));
      at = next;
    }
    return values;
  });
}

/** The first whole number of this number, packed or not. */
export function numberOf(fields: readonly Field[], number: number): number | undefined {
  const field = fields.find((one) => one.number === number);
  return field?.wire === 0 ? Number(field.value) : undefined;
}
