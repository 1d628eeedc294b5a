import type { PrecisionChoice } from '../device-names.ts';
import { withInt8Products } from './graph-int8.ts';
import { inferTypes } from './graph-types.ts';
import { castNode, elementType, type GraphNode, type ModelGraph, readModel, renamed, writeModel } from './onnx-graph.ts';
import type { Field } from './protobuf.ts';

/** How a network computes inside; inputs and outputs keep the types that they have. */
export type Precision = Exclude<PrecisionChoice, 'auto'>;

const typeFor = { fp16: elementType.float16, fp32: elementType.float };

/** Integer, random and sequence operators carry types of their own that would have to change too; a network with them stays as it is. */
const foreign = /^(.*Quantize.*|QLinear.*|.*Integer|MatMulNBits|Random.*|EyeLike|Bernoulli|Sequence.*|SplitToSequence|Optional.*)$/;
const domains = new Set(['', 'ai.onnx', 'com.microsoft']);

const canConvert = ({ nodes, functions }: ModelGraph): boolean =>
  !functions &&
  nodes.every(({ op, domain, attributes }) => domains.has(domain) && !foreign.test(op) && !attributes.some(({ subgraph }) => subgraph));

const heavy = new Set(['Conv', 'MatMul', 'Gemm', 'ConvTranspose', 'Attention', 'MultiHeadAttention']);

/**
 * Nodes that stay in fp32 when a network goes to fp16: sines of time steps and what leads to them (fp16 has steps of 0.5 near 1000, and sin(1000·f) would be noise),
 * and what has no fp16 kernel.
 */
function nodesInFull({ nodes }: ModelGraph): ReadonlySet<GraphNode> {
  const maker = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const chosen = new Set<GraphNode>();
  for (const node of nodes) {
    if (node.op === 'Range') chosen.add(node);
    if (node.op !== 'Sin' && node.op !== 'Cos') continue;
    const before = new Set<GraphNode>();
    const open = [node];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (before.has(next)) continue;
      before.add(next);
      open.push(...next.inputs.flatMap((name) => maker.get(name) ?? []));
    }
    const light = [...before].every(({ op }) => !heavy.has(op));
    for (const one of light ? before : [node]) chosen.add(one);
  }
  return chosen;
}

/** Does this input have to be fp32, by the definition of its operator? */
const isAlwaysFull = ({ op }: GraphNode, index: number): boolean => op === 'Resize' && (index === 1 || index === 2);

/** Nodes whose float result is what their attribute says; a Cast follows where the other type is wanted. */
const isSource = ({ op }: GraphNode): boolean => op === 'Constant' || op === 'ConstantOfShape';

type State = 'stored' | 'converted';

/** Rewrites the nodes one after the other, with Casts where the precision changes along a wire. */
class Rewriting {
  readonly nodes: (readonly Field[])[] = [];
  readonly #types: ReadonlyMap<string, number>;
  readonly #from: number;
  readonly #to: number;
  readonly #states = new Map<string, State>();
  readonly #casts = new Map<string, string>();
  /** Outputs of the graph keep their name for the value that leaves it. */
  readonly #leaving: ReadonlySet<string>;

  constructor(graph: ModelGraph, { from, to }: { from: number; to: number }) {
    this.#types = inferTypes(graph);
    this.#from = from;
    this.#to = to;
    this.#leaving = new Set(graph.outputs.map(({ name }) => name));
  }

  /** Is there anything of the type that is to go? */
  get needed(): boolean {
    return [...this.#types.values()].includes(this.#from);
  }

  add(node: GraphNode, stays: boolean): void {
    const inputs = node.inputs.map((name, index) => this.#read(name, stays || isAlwaysFull(node, index) ? 'stored' : 'converted'));
    const converts = !stays && !isSource(node);
    const changed = node.outputs.filter((name) => converts && this.#types.get(name) === this.#from);
    for (const name of changed) this.#states.set(name, 'converted');
    const outputs = node.outputs.map((name) => (changed.includes(name) ? this.#nameOf(name) : name));
    this.nodes.push(renamed(node, { inputs, outputs }, node.op === 'Cast' && changed.length > 0 ? this.#to : undefined));
    for (const name of changed) if (this.#leaving.has(name)) this.nodes.push(castNode(this.#nameOf(name), name, this.#from));
  }

  /** The name of a value in the precision it was computed in. */
  #nameOf(name: string): string {
    return this.#leaving.has(name) && this.#states.get(name) === 'converted' ? `${name}__inside` : name;
  }

  #read(name: string, wanted: State): string {
    if (this.#types.get(name) !== this.#from) return name;
    const state = this.#states.get(name) ?? 'stored';
    if (state === wanted) return this.#nameOf(name);
    const known = this.#casts.get(name);
    if (known !== undefined) return known;
    const cast = `${name}__${wanted}`;
    this.#casts.set(name, cast);
    this.nodes.push(castNode(this.#nameOf(name), cast, wanted === 'converted' ? this.#to : this.#from));
    return cast;
  }
}

/**
 * A network that computes in another precision inside, its inputs, outputs and stored weights as they were: the Casts behind the weights are folded when it is
 * loaded. Undefined where there is nothing to change, or where the graph has parts that cannot be changed safely.
 */
export function convertPrecision(bytes: Uint8Array, precision: Precision): Uint8Array | undefined {
  if (precision === 'int8') {
    const full = convertPrecision(bytes, 'fp32');
    return withInt8Products(full ?? bytes) ?? full;
  }
  const graph = readModel(bytes);
  if (!canConvert(graph)) return undefined;
  const to = typeFor[precision];
  const from = precision === 'fp16' ? elementType.float : elementType.float16;
  const rewriting = new Rewriting(graph, { from, to });
  if (!rewriting.needed) return undefined;
  const stays = precision === 'fp16' ? nodesInFull(graph) : new Set<GraphNode>();
  for (const node of graph.nodes) rewriting.add(node, stays.has(node));
  return writeModel(graph, rewriting.nodes);
}
