import {
  type Attribute,
  type ElementName,
  elementTypes,
  type GraphSlot,
  type Initializer,
  type OnnxGraph,
  type Operator,
} from './onnx-model.ts';
import { rowsOf, type Weight, type Weights } from './weights.ts';

/** The name of a value in the graph. */
export type Value = string;

/** What is wrong with the weights of a network, by the names that they should have. */
export interface WeightFaults {
  readonly missing: readonly string[];
  /** Sentences without a full stop. */
  readonly wrong: readonly string[];
}

const storedTypes: Readonly<Partial<Record<Weight['type'], ElementName>>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  F64: 'float64',
};

const longSides = (shape: readonly number[]): string => shape.filter((side) => side !== 1).join('×');

const own = '';
const microsoft = 'com.microsoft';

/** Collects the operators of a network that computes in float32, and the weights it asks for. */
export class GraphBuilder {
  readonly #weights: Weights;
  readonly #operators: Operator[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #inputs: GraphSlot[] = [];
  readonly #outputs: GraphSlot[] = [];
  readonly #used = new Set<string>();
  readonly #missing: string[] = [];
  readonly #wrong: string[] = [];
  #values = 0;

  constructor(weights: Weights) {
    this.#weights = weights;
  }

  get graph(): OnnxGraph {
    return { operators: this.#operators, initializers: [...this.#initializers.values()], inputs: this.#inputs, outputs: this.#outputs };
  }

  get faults(): WeightFaults {
    return { missing: this.#missing, wrong: this.#wrong };
  }

  /** Keys in the file of the weights that were asked for. */
  get usedKeys(): readonly string[] {
    return [...this.#used].flatMap((name) => this.#weights.get(name)?.key ?? []);
  }

  has(name: string): boolean {
    return this.#weights.has(name);
  }

  isTransposed(name: string): boolean {
    return this.#weights.get(name)?.transposed ?? false;
  }

  input(name: string, dims: GraphSlot['dims'], type: ElementName = 'float32'): Value {
    this.#inputs.push({ name, type, dims });
    return name;
  }

  output(name: string, dims: GraphSlot['dims'], value: Value): void {
    this.#operators.push({ type: 'Identity', domain: own, inputs: [value], outputs: [name], attributes: {} });
    this.#outputs.push({ name, type: 'float32', dims });
  }

  /** Adds one of ONNX's own operators and gives its first output. */
  op(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const output = this.#fresh();
    this.#operators.push({ type, domain: own, inputs, outputs: [output], attributes });
    return output;
  }

  /** Adds one of ONNX Runtime's operators and gives its first output. */
  fused(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const output = this.#fresh();
    this.#operators.push({ type, domain: microsoft, inputs, outputs: [output], attributes });
    return output;
  }

  /** Like {@link fused}, with the fourth output too. */
  fusedWithFourth(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>>): readonly [Value, Value] {
    const outputs = [this.#fresh(), this.#fresh()] as const;
    this.#operators.push({ type, domain: microsoft, inputs, outputs: [outputs[0], '', '', outputs[1]], attributes });
    return outputs;
  }

  /** A weight as float32 with these sides; `rows` of its first axis if given. What is not as it should be is noted in {@link faults}. */
  weight(name: string, dims: readonly number[], rows?: { readonly start: number; readonly of: number }): Value {
    this.#used.add(name);
    const whole = rows === undefined ? dims : [rows.of, ...dims.slice(1)];
    const stored = this.#weights.get(name);
    const type = stored === undefined ? undefined : storedTypes[stored.type];
    if (stored === undefined) this.#missing.push(name);
    else if (longSides(stored.shape) !== longSides(whole))
      this.#wrong.push(`${stored.key} has shape [${stored.shape.join(', ')}] where [${whole.join(', ')}] belongs`);
    else if (type === undefined) this.#wrong.push(`${stored.key} holds numbers of type ${stored.type} where F32, F16 or BF16 is expected`);
    if (stored === undefined || type === undefined) return name;
    return this.#stored(rows === undefined ? name : `${name}[${rows.start}]`, {
      type,
      dims,
      data: rows === undefined ? stored : rowsOf(stored, rows.start, dims[0] ?? 0),
    });
  }

  /** Rows of a table `[rows, width]` by their numbers, as float32: only the rows that are read are converted. */
  lookUp(name: string, dims: readonly number[], rows: Value): Value {
    const float = this.weight(name, dims);
    const stored = this.op('Gather', [float === name ? float : name, rows], { axis: { int: 0 } });
    return float === name ? stored : this.op('Cast', [stored], { to: { int: elementTypes.float32 } });
  }

  /** A list of whole numbers. */
  integers(values: readonly number[]): Value {
    const data = new Uint8Array(BigInt64Array.from(values, (value) => BigInt(value)).buffer);
    return this.#constant(`int64[${values.join()}]`, { type: 'int64', dims: [values.length], data });
  }

  /** float32 constants under a name of their own. */
  floats(name: string, dims: readonly number[], values: Iterable<number>): Value {
    return this.#constant(name, { type: 'float32', dims, data: new Uint8Array(Float32Array.from(values).buffer) });
  }

  #fresh(): Value {
    this.#values += 1;
    return `v${this.#values}`;
  }

  #constant(name: string, content: Omit<Initializer, 'name'>): Value {
    if (!this.#initializers.has(name)) this.#initializers.set(name, { name, ...content });
    return name;
  }

  #stored(name: string, content: Omit<Initializer, 'name'>): Value {
    if (content.type === 'float32') return this.#constant(name, content);
    const float = `${name}:float32`;
    if (this.#initializers.has(name)) return float;
    this.#constant(name, content);
    this.#operators.push({
      type: 'Cast',
      domain: own,
      inputs: [name],
      outputs: [float],
      attributes: { to: { int: elementTypes.float32 } },
    });
    return float;
  }
}
