/** Protobuf field `number` with wire type 2. */
const bytes = (number: number, content: readonly number[]): number[] => [(number << 3) | 2, content.length, ...content];
const text = (number: number, value: string): number[] => bytes(number, [...new TextEncoder().encode(value)]);
const varint = (number: number, value: number): number[] => [number << 3, value];

/** The smallest ONNX model, y = Identity(x) over one float: opened to see whether an execution provider works at all. */
export function probeModel(): Uint8Array {
  const value = (name: string): number[] => [
    ...text(1, name),
    ...bytes(2, bytes(1, [...varint(1, 1), ...bytes(2, bytes(1, varint(1, 1)))])),
  ];
  const node = [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Identity')];
  const graph = [...bytes(1, node), ...text(2, 'probe'), ...bytes(11, value('x')), ...bytes(12, value('y'))];
  return Uint8Array.from([...varint(1, 8), ...bytes(7, graph), ...bytes(8, varint(2, 13))]);
}
