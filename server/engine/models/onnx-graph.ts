import {
  bytesOfFields,
  type Field,
  messageField,
  numberField,
  numberOf,
  numbersOf,
  readFields,
  textField,
  textsOf,
  writeFields,
} from './protobuf.ts';

/** Element types of ONNX that are told apart here (TensorProto.DataType). */
export const elementType = { float: 1, int8: 3, int64: 7, bool: 9, float16: 10 } as const;

/** An attribute, as far as it is needed: `value` of the kind int, `tensor` its element type. */
export interface GraphAttribute {
  readonly name: string;
  readonly int?: number;
  readonly tensor?: number;
  readonly subgraph: boolean;
}

/** One operator with the names of the values it reads ('' where an optional one is left out) and gives. */
export interface GraphNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly GraphAttribute[];
  readonly fields: readonly Field[];
}

/** A value with its element type. */
export interface TypedName {
  readonly name: string;
  readonly type: number;
}

/** A stored value with its sides. */
export interface StoredName extends TypedName {
  readonly dims: readonly number[];
}

/** A model's main graph, with all that is not looked at kept as it was. */
export interface ModelGraph {
  readonly model: readonly Field[];
  readonly graph: readonly Field[];
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly TypedName[];
  readonly outputs: readonly TypedName[];
  readonly initializers: readonly StoredName[];
  /** Functions of the model's own: their bodies are other graphs. */
  readonly functions: boolean;
}

const attributeKinds = { graph: 5, graphs: 10 };

function readAttribute(bytes: Uint8Array): GraphAttribute {
  const fields = readFields(bytes);
  const int = numberOf(fields, 3);
  const [tensor] = bytesOfFields(fields, 5);
  const type = tensor === undefined ? undefined : numberOf(readFields(tensor), 2);
  const kind = numberOf(fields, 20);
  return {
    name: textsOf(fields, 1)[0] ?? '',
    ...(int === undefined ? {} : { int }),
    ...(type === undefined ? {} : { tensor: type }),
    subgraph: kind === attributeKinds.graph || kind === attributeKinds.graphs || fields.some(({ number }) => number === 6 || number === 11),
  };
}

function readNode(bytes: Uint8Array): GraphNode {
  const fields = readFields(bytes);
  return {
    op: textsOf(fields, 4)[0] ?? '',
    domain: textsOf(fields, 7)[0] ?? '',
    inputs: textsOf(fields, 1),
    outputs: textsOf(fields, 2),
    attributes: bytesOfFields(fields, 5).map(readAttribute),
    fields,
  };
}

/** ValueInfoProto: 2 type → 1 tensor_type → 1 elem_type. */
function readValue(bytes: Uint8Array): TypedName {
  const fields = readFields(bytes);
  const [type] = bytesOfFields(fields, 2);
  const [tensor] = type === undefined ? [] : bytesOfFields(readFields(type), 1);
  return { name: textsOf(fields, 1)[0] ?? '', type: tensor === undefined ? 0 : (numberOf(readFields(tensor), 1) ?? 0) };
}

function readInitializer(bytes: Uint8Array): StoredName {
  const fields = readFields(bytes);
  return { name: textsOf(fields, 8)[0] ?? '', type: numberOf(fields, 2) ?? 0, dims: numbersOf(fields, 1) };
}

/** Reads a ModelProto. Throws RangeError where it is none. */
export function readModel(bytes: Uint8Array): ModelGraph {
  const model = readFields(bytes);
  const [inner = new Uint8Array()] = bytesOfFields(model, 7);
  const graph = readFields(inner);
  return {
    model,
    graph,
    nodes: bytesOfFields(graph, 1).map(readNode),
    inputs: bytesOfFields(graph, 11).map(readValue),
    outputs: bytesOfFields(graph, 12).map(readValue),
    initializers: bytesOfFields(graph, 5).map(readInitializer),
    functions: model.some(({ number }) => number === 25),
  };
}

const opsets = ({ model }: ModelGraph): { readonly domain: string; readonly version: number }[] =>
  bytesOfFields(model, 8).map((bytes) => {
    const fields = readFields(bytes);
    return { domain: textsOf(fields, 1)[0] ?? '', version: numberOf(fields, 2) ?? 0 };
  });

/** The version of ONNX's own operators that a model is written for. */
export const opsetOf = (graph: ModelGraph): number =>
  opsets(graph).find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0;

/** The model with another domain of operators. */
export const withDomain = (graph: ModelGraph, domain: string): ModelGraph =>
  opsets(graph).some((known) => known.domain === domain)
    ? graph
    : { ...graph, model: [...graph.model, messageField(8, [textField(1, domain), numberField(2, 1)])] };

/** The model with other nodes, and without the types of inner values (value_info), which the runtime works out again. */
export function writeModel({ model, graph }: ModelGraph, nodes: readonly (readonly Field[])[]): Uint8Array {
  const rest = graph.filter(({ number }) => number !== 1 && number !== 13);
  const inner = [...nodes.map((node) => messageField(1, node)), ...rest];
  return writeFields(model.map((field) => (field.number === 7 ? messageField(7, inner) : field)));
}

/** A Cast node to an element type. */
export const castNode = (input: string, output: string, to: number): readonly Field[] => [
  textField(1, input),
  textField(2, output),
  textField(3, `${output}_cast`),
  textField(4, 'Cast'),
  messageField(5, [textField(1, 'to'), numberField(3, to), numberField(20, 2)]),
];

/** A node's fields with its values under other names, and with another `to` if it is a Cast that needs one. */
export function renamed(node: GraphNode, names: { inputs: readonly string[]; outputs: readonly string[] }, to?: number): readonly Field[] {
  let input = 0;
  let output = 0;
  return node.fields.map((field): Field => {
    if (field.number === 1) return textField(1, names.inputs[input++] ?? '');
    if (field.number === 2) return textField(2, names.outputs[output++] ?? '');
    if (field.number === 5 && field.wire === 2 && to !== undefined && readAttribute(field.bytes).name === 'to')
      return messageField(5, [textField(1, 'to'), numberField(3, to), numberField(20, 2)]);
    return field;
  });
}
