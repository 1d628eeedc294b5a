import { type Attribute, operatorFields } from './graph/onnx-model.ts';
import { inferTypes } from './graph-types.ts';
import { elementType, type GraphNode, type ModelGraph, opsetOf, readModel, withDomain, writeModel } from './onnx-graph.ts';
import type { Field } from './protobuf.ts';

const microsoft = 'com.microsoft';

/** What a U-Net or a ControlNet reads that lies at places or tokens: layers that read only the time step or sizes stay as they are. */
const wide = new Set(['sample', 'encoder_hidden_states']);

/** Values that follow from inputs of these names. */
function following({ nodes, inputs }: ModelGraph, names: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set(inputs.flatMap(({ name }) => (names.has(name) ? [name] : [])));
  for (const node of nodes) if (node.inputs.some((name) => found.has(name))) for (const name of node.outputs) found.add(name);
  return found;
}

const keeps = new Set(['Cast', 'Transpose', 'Identity']);

/** Matrices that are stored, as they are or behind a Cast or a Transpose. */
function storedMatrices({ nodes, initializers }: ModelGraph): ReadonlySet<string> {
  const found = new Set(initializers.flatMap(({ name, dims }) => (dims.length === 2 ? [name] : [])));
  for (const { op, inputs, outputs } of nodes) if (keeps.has(op) && found.has(inputs[0] ?? '')) found.add(outputs[0] ?? '');
  return found;
}

/** Is a node x·W, and is W stored as [outputs, inputs]? */
function productOf({ op, domain, attributes, inputs }: GraphNode): { readonly turned: boolean } | undefined {
  if (op === 'MatMul' && domain !== microsoft && inputs.length === 2) return { turned: false };
  if (op !== 'FusedMatMul' || attributes.some(({ name, int }) => name !== 'transB' && int !== 0)) return undefined;
  return { turned: attributes.some(({ name, int }) => name === 'transB' && int === 1) };
}

/** Writes the operators that take the place of one product. */
class Quantizing {
  readonly nodes: (readonly Field[])[] = [];
  readonly #opset: number;

  constructor(opset: number) {
    this.#opset = opset;
  }

  #add(type: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}): string {
    const domain = type === 'DynamicQuantizeMatMul' ? microsoft : '';
    this.nodes.push(operatorFields({ type, domain, inputs, outputs: [output], attributes }));
    return output;
  }

  /** The largest of each column; since operator set 18 the axes are an input. */
  #largest(matrix: string, named: (part: string) => string): string {
    const sizes = this.#add('Abs', [matrix], named('sizes'));
    const kept = { keepdims: { int: 0 } };
    if (this.#opset < 18) return this.#add('ReduceMax', [sizes], named('largest'), { axes: { ints: [0] }, ...kept });
    const axes = this.#add('Constant', [], named('axes'), { value_ints: { ints: [0] } });
    return this.#add('ReduceMax', [sizes, axes], named('largest'), kept);
  }

  /**
   * y = x·W with x rounded to 8 bits by the range that it has in this run, and each column of W by its largest number. All that follows from W alone is
   * computed once, when the network is loaded.
   */
  product({ inputs: [x = '', stored = ''], outputs: [y = ''] }: GraphNode, turned: boolean): void {
    const named = (part: string): string => `${y}__int8_${part}`;
    const matrix = turned ? this.#add('Transpose', [stored], named('matrix'), { perm: { ints: [1, 0] } }) : stored;
    const steps = this.#add('Constant', [], named('steps'), { value_float: { float: 127 } });
    const least = this.#add('Constant', [], named('least'), { value_float: { float: 1e-20 } });
    const largest = this.#add('Max', [this.#largest(matrix, named), least], named('bound'));
    const scale = this.#add('Div', [largest, steps], named('scale'));
    const nothing = this.#add('Sub', [largest, largest], named('nothing'));
    const zero = this.#add('Cast', [nothing], named('zero'), { to: { int: elementType.int8 } });
    const rounded = this.#add('QuantizeLinear', [matrix, scale, zero], named('rounded'), { axis: { int: 1 } });
    this.#add('DynamicQuantizeMatMul', [x, rounded, scale, zero], y);
  }
}

/** QuantizeLinear knows columns since this operator set. */
const firstOpset = 13;

/**
 * A U-Net or ControlNet in fp32 whose linear layers multiply in 8 bits (W8A8 with a range for each run and each column; Jacob et al. 2018, arXiv:1712.05877): a third of
 * the time on a CPU that has instructions for it. Convolutions, attention, and what reads only the time step stay as they are. Undefined where there is nothing to change.
 */
export function withInt8Products(bytes: Uint8Array): Uint8Array | undefined {
  const graph = readModel(bytes);
  const opset = opsetOf(graph);
  if (opset < firstOpset || graph.functions || !graph.inputs.some(({ name }) => name === 'timestep')) return undefined;
  const [types, matrices, read] = [inferTypes(graph), storedMatrices(graph), following(graph, wide)];
  const quantizing = new Quantizing(opset);
  let changed = false;
  for (const node of graph.nodes) {
    const product = productOf(node);
    const [x = '', stored = ''] = node.inputs;
    const fits = product !== undefined && matrices.has(stored) && read.has(x) && types.get(stored) === elementType.float;
    if (fits) quantizing.product(node, product.turned);
    else quantizing.nodes.push(node.fields);
    changed ||= fits;
  }
  return changed ? writeModel(withDomain(graph, microsoft), quantizing.nodes) : undefined;
}
