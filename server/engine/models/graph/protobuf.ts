/** A piece of a Protocol Buffers message, in wire format. */
export type Field = Uint8Array;

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  // Negative numbers are sent as 64 bit two's complement.
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

const tag = (number: number, wireType: number): number[] => varint(BigInt(number * 8 + wireType));

/** An integer or enum field; exact to 64 bits. */
export const integer = (number: number, value: number | bigint): Field => Uint8Array.from([...tag(number, 0), ...varint(BigInt(value))]);

/** A `bytes` field. */
export const bytes = (number: number, content: Uint8Array): Field =>
  Buffer.concat([Uint8Array.from([...tag(number, 2), ...varint(BigInt(content.length))]), content]);

/** A `string` field. */
export const text = (number: number, content: string): Field => bytes(number, new TextEncoder().encode(content));

/** A nested message. */
export const message = (number: number, fields: readonly Field[]): Field => bytes(number, Buffer.concat(fields));

/** A repeated integer field, packed. */
export const integers = (number: number, values: readonly (number | bigint)[]): Field =>
  bytes(number, Uint8Array.from(values.flatMap((value) => varint(BigInt(value)))));

/** A `float` field. */
export const float = (number: number, value: number): Field =>
  Buffer.concat([Uint8Array.from(tag(number, 5)), new Uint8Array(Float32Array.of(value).buffer)]);
