import { bytes, type Field, float, integer, integers, message, text } from './protobuf.ts';

/** ONNX's numbers of element types (TensorProto.DataType). */
export const elementTypes = { float32: 1, int64: 7, float16: 10, float64: 11, bfloat16: 16 } as const;
export type ElementName = keyof typeof elementTypes;

/** Where the bytes of a weight lie: a name in the folder that goes with the model, and a range of that file. */
export interface ExternalRange {
  readonly location: string;
  readonly offset: number | bigint;
  readonly length: number | bigint;
}

/** A constant of the graph; its bytes are in the model or in a file. */
export interface Initializer {
  readonly name: string;
  readonly type: ElementName;
  readonly dims: readonly number[];
  readonly data: Uint8Array | ExternalRange;
}

/** A value of an attribute of an operator. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] };

/** One operator with the names of its inputs and outputs; an empty name leaves an optional input out. */
export interface Operator {
  readonly type: string;
  /** Empty for ONNX's own operators, `com.microsoft` for those of the runtime. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of the whole graph; a side that is a word may have any length. */
export interface GraphSlot {
  readonly name: string;
  readonly type: ElementName;
  readonly dims: readonly (number | string)[];
}

/** A whole network. */
export interface OnnxGraph {
  readonly operators: readonly Operator[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly GraphSlot[];
  readonly outputs: readonly GraphSlot[];
}

/** ONNX operator set and file version that are written. */
const versions = { operators: 20, file: 10 } as const;

function attributeFields(name: string, attribute: Attribute): Field[] {
  if ('int' in attribute) return [text(1, name), integer(3, attribute.int), integer(20, 2)];
  if ('float' in attribute) return [text(1, name), float(2, attribute.float), integer(20, 1)];
  if ('text' in attribute) return [text(1, name), text(4, attribute.text), integer(20, 3)];
  return [text(1, name), integers(8, attribute.ints), integer(20, 7)];
}

function operatorFields({ type, domain, inputs, outputs, attributes }: Operator): Field[] {
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, `${outputs[0]}/${type}`),
    text(4, type),
    ...Object.entries(attributes).map(([name, attribute]) => message(5, attributeFields(name, attribute))),
    ...(domain === '' ? [] : [text(7, domain)]),
  ];
}

const entry = (key: string, value: string): Field => message(13, [text(1, key), text(2, value)]);

function initializerFields({ name, type, dims, data }: Initializer): Field[] {
  const described = [integers(1, dims), integer(2, elementTypes[type]), text(8, name)];
  if (data instanceof Uint8Array) return [...described, bytes(9, data)];
  const { location, offset, length } = data;
  return [...described, entry('location', location), entry('offset', String(offset)), entry('length', String(length)), integer(14, 1)];
}

function slotFields({ name, type, dims }: GraphSlot): Field[] {
  const shape = dims.map((side) => message(1, [typeof side === 'number' ? integer(1, side) : text(2, side)]));
  return [text(1, name), message(2, [message(1, [integer(1, elementTypes[type]), message(2, shape)])])];
}

/** Writes a network as an ONNX model (ModelProto). */
export function encodeModel({ operators, initializers, inputs, outputs }: OnnxGraph): Uint8Array {
  const graph = [
    ...operators.map((operator) => message(1, operatorFields(operator))),
    text(2, 'network'),
    ...initializers.map((initializer) => message(5, initializerFields(initializer))),
    ...inputs.map((slot) => message(11, slotFields(slot))),
    ...outputs.map((slot) => message(12, slotFields(slot))),
  ];
  return Buffer.concat([
    integer(1, versions.file),
    text(2, 'litegraph-diffusion'),
    message(7, graph),
    message(8, [text(1, ''), integer(2, versions.operators)]),
    message(8, [text(1, 'com.microsoft'), integer(2, 1)]),
  ]);
}
