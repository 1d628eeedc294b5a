import { bytesField, type Field, floatField, messageField, numberField, numbersField, textField, writeFields } from '../protobuf.ts';

/** ONNX's numbers of element types (TensorProto.DataType). */
export const elementTypes = { float32: 1, int64: 7, float16: 10, float64: 11, bfloat16: 16 } as const;
export type ElementName = keyof typeof elementTypes;

/** Where the bytes of a weight lie: an absolute path and a range of that file. */
export interface ExternalRange {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
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
  if ('int' in attribute) return [textField(1, name), numberField(3, attribute.int), numberField(20, 2)];
  if ('float' in attribute) return [textField(1, name), floatField(2, attribute.float), numberField(20, 1)];
  if ('text' in attribute) return [textField(1, name), textField(4, attribute.text), numberField(20, 3)];
  return [textField(1, name), numbersField(8, attribute.ints), numberField(20, 7)];
}

/** A NodeProto. */
export function operatorFields({ type, domain, inputs, outputs, attributes }: Operator): Field[] {
  return [
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(3, `${outputs[0]}/${type}`),
    textField(4, type),
    ...Object.entries(attributes).map(([name, attribute]) => messageField(5, attributeFields(name, attribute))),
    ...(domain === '' ? [] : [textField(7, domain)]),
  ];
}

const entry = (key: string, value: string): Field => messageField(13, [textField(1, key), textField(2, value)]);

function initializerFields({ name, type, dims, data }: Initializer, locate: (file: string) => string): Field[] {
  const described = [numbersField(1, dims), numberField(2, elementTypes[type]), textField(8, name)];
  if (data instanceof Uint8Array) return [...described, bytesField(9, data)];
  const range = [entry('location', locate(data.file)), entry('offset', String(data.offset)), entry('length', String(data.bytes))];
  return [...described, ...range, numberField(14, 1)];
}

function slotFields({ name, type, dims }: GraphSlot): Field[] {
  const shape = dims.map((side) => messageField(1, [typeof side === 'number' ? numberField(1, side) : textField(2, side)]));
  return [textField(1, name), messageField(2, [messageField(1, [numberField(1, elementTypes[type]), messageField(2, shape)])])];
}

/** Writes a network as an ONNX model (ModelProto); `locate` gives a file of weights its name in the folder of the model. */
export function encodeModel({ operators, initializers, inputs, outputs }: OnnxGraph, locate: (file: string) => string): Uint8Array {
  const graph = [
    ...operators.map((operator) => messageField(1, operatorFields(operator))),
    textField(2, 'network'),
    ...initializers.map((initializer) => messageField(5, initializerFields(initializer, locate))),
    ...inputs.map((slot) => messageField(11, slotFields(slot))),
    ...outputs.map((slot) => messageField(12, slotFields(slot))),
  ];
  return writeFields([
    numberField(1, versions.file),
    textField(2, 'litegraph-diffusion'),
    messageField(7, graph),
    messageField(8, [textField(1, ''), numberField(2, versions.operators)]),
    messageField(8, [textField(1, 'com.microsoft'), numberField(2, 1)]),
  ]);
}
