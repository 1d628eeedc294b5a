import { FileWindow } from './file-window.ts';
import { numberOf, readFields, textsOf } from './protobuf.ts';

/** What a network's file says of an input or output: its ONNX element type, and its sides, named where they vary. */
export interface OutlinedSlot {
  readonly name: string;
  readonly type: number;
  readonly shape: readonly (number | string)[];
}

/** What is known of a network without loading its weights. */
export interface NetworkOutline {
  readonly inputs: readonly OutlinedSlot[];
  readonly outputs: readonly OutlinedSlot[];
  /** Where weights lie that are not in the file, as it says: paths relative to it. */
  readonly weightFiles: ReadonlySet<string>;
  /** How many of its operators enlarge by a factor that is written in the graph, not to a size that follows from the input. */
  readonly fixedEnlargements: number;
  /** Does it draw random numbers? */
  readonly random: boolean;
}

/** Which fields of ONNX's messages are messages that matter here. All others are passed over unread. */
const messages: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  model: { 7: 'main graph', 25: 'function' },
  'main graph': { 1: 'node', 5: 'tensor', 11: 'input', 12: 'output', 15: 'sparse tensor' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse tensor' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse tensor', 23: 'sparse tensor' },
  'sparse tensor': { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'place' },
};

const malformed = (): RangeError => new RangeError('Protobuf parsing failed: the message is cut short or no message.');

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The length-delimited fields of a message as places in the file. */
function* spansOf(file: FileWindow, { start, end }: Span): Generator<Span & { readonly field: number }> {
  let at = start;
  const varint = (): number => {
    for (let value = 0, factor = 1, last = Math.min(end, at + 10); at < last; factor *= 128) {
      const byte = file.byte(at++);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  while (at < end) {
    const key = varint();
    const wire = key % 8;
    if (wire === 0) varint();
    else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else if (wire === 2) {
      const length = varint();
      const first = at;
      at += length;
      if (at > end) throw malformed();
      yield { field: Math.floor(key / 8), start: first, end: at };
    } else throw malformed();
  }
}

/** ValueInfoProto: 1 name, 2 type → 1 tensor_type → 1 elem_type, 2 shape → 1 dim → 1 value or 2 name. */
function readSlot(bytes: Uint8Array): OutlinedSlot {
  const inner = (fields: ReturnType<typeof readFields>, number: number) =>
    fields.flatMap((field) => (field.number === number && field.wire === 2 ? [readFields(field.bytes)] : []));
  const fields = readFields(bytes);
  const tensor = inner(fields, 2).flatMap((type) => inner(type, 1))[0] ?? [];
  const sides = inner(tensor, 2).flatMap((shape) => inner(shape, 1));
  return {
    name: textsOf(fields, 1)[0] ?? '',
    type: numberOf(tensor, 1) ?? 0,
    shape: sides.map((side) => numberOf(side, 1) ?? textsOf(side, 2)[0] ?? ''),
  };
}

class Outliner {
  readonly inputs: OutlinedSlot[] = [];
  readonly outputs: OutlinedSlot[] = [];
  readonly initializers = new Set<string>();
  readonly weightFiles = new Set<string>();
  fixedEnlargements = 0;
  random = false;
  readonly #file: FileWindow;

  constructor(file: FileWindow) {
    this.#file = file;
  }

  visit(kind: string, span: Span): void {
    if (kind === 'node') this.#node(span);
    if (kind === 'place') this.#place(this.#bytes(span));
    else if (kind === 'input') this.inputs.push(readSlot(this.#bytes(span)));
    else if (kind === 'output') this.outputs.push(readSlot(this.#bytes(span)));
    else for (const inner of spansOf(this.#file, span)) this.#within(kind, inner.field, inner);
  }

  #within(kind: string, field: number, span: Span): void {
    // The names of initializers tell them from inputs where old files list both.
    if (kind === 'tensor' && field === 8) this.initializers.add(new TextDecoder().decode(this.#bytes(span)));
    const inner = messages[kind]?.[field];
    if (inner !== undefined) this.visit(inner, span);
  }

  #bytes({ start, end }: Span): Uint8Array {
    return this.#file.read(start, end - start);
  }

  /** NodeProto: 1 input, 4 op_type. Resize has x, roi, scales and sizes, where only one of the last two is given. */
  #node(span: Span): void {
    const text = (part: Span): string => new TextDecoder().decode(this.#bytes(part));
    const parts = [...spansOf(this.#file, span)];
    const op = parts.flatMap((part) => (part.field === 4 ? [text(part)] : []))[0] ?? '';
    const [, , scales = '', sizes = ''] = op === 'Resize' ? parts.flatMap((part) => (part.field === 1 ? [text(part)] : [])) : [];
    if (op === 'Upsample' || (scales !== '' && sizes === '')) this.fixedEnlargements++;
    if (op.startsWith('Random')) this.random = true;
  }

  /** An entry of external_data: 1 key, 2 value. */
  #place(bytes: Uint8Array): void {
    const fields = readFields(bytes);
    if (textsOf(fields, 1)[0] === 'location') this.weightFiles.add(textsOf(fields, 2)[0] ?? '');
  }
}

/** Looks through a network's file, passing over the weights in it. Throws RangeError where it is no ONNX file. */
export function outlineNetwork(path: string): NetworkOutline {
  using file = new FileWindow(path);
  const found = new Outliner(file);
  found.visit('model', { start: 0, end: file.size });
  const { inputs, outputs, initializers, weightFiles, fixedEnlargements, random } = found;
  return { inputs: inputs.filter(({ name }) => !initializers.has(name)), outputs, weightFiles, fixedEnlargements, random };
}
