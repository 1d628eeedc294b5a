import { type GraphDocument, type GraphLink, type GraphNode, isRecord, type NodeId, readGraph, writeGraph } from '../../workflows/index.ts';
import { type HostNode, linksOf } from '../plugin/host.ts';
import { type Desk, nodeOf, type Point } from './desk.ts';
import { addLinks, makeNode } from './load-document.ts';
import { plugsOf } from './plugs.ts';
import { saveDocument } from './save-document.ts';
import { selectNodes } from './selection.ts';
import { faultOf, join } from './wiring.ts';

/** Wires that lead into the copied nodes from others are kept here, for pasting with wires. */
const wiresFrom = 'wires_from';

/** Were these nodes copied, rather than a whole workflow? */
export const isCopy = (parsed: object): boolean => wiresFrom in parsed;

/** A wire from a node that was not copied: which output feeds which input of which copied node. */
interface Entering {
  readonly node: NodeId;
  readonly output: number;
  readonly into: NodeId;
  readonly input: string;
}

/** The nodes as a document of their own; wires into them from other nodes stand beside it. */
export function copyNodes(desk: Desk, nodes: readonly HostNode[]): string {
  const ids = new Set(nodes.map(({ id }) => id));
  const whole = saveDocument(desk, {});
  const kept = whole.nodes.filter(({ id }) => ids.has(id));
  const links = whole.links.filter(([, origin, , target]) => ids.has(origin) && ids.has(target));
  const entering = whole.links.filter(([, origin, , target]) => !ids.has(origin) && ids.has(target));
  const known = new Set(links.map(([id]) => id));
  const document: GraphDocument = {
    ...whole,
    nodes: kept.map((node) => withoutOtherWires(node, known)),
    links,
    groups: [],
    extra: { format: 1 },
  };
  const wires = entering.map(([, origin, output, target, slot]): Entering => {
    const input = whole.nodes.find(({ id }) => id === target)?.inputs[slot]?.name ?? '';
    return { node: String(origin), output, into: String(target), input };
  });
  return JSON.stringify({ ...JSON.parse(writeGraph(document)), [wiresFrom]: wires });
}

function withoutOtherWires(node: GraphNode, known: ReadonlySet<number>): GraphNode {
  return {
    ...node,
    inputs: node.inputs.map((input) => (input.link !== null && known.has(input.link) ? input : { ...input, link: null })),
    outputs: node.outputs.map((output) => ({ ...output, links: output.links.filter((id) => known.has(id)) })),
  };
}

/** What a paste is to do. */
export interface Pasting {
  /** Where the middle of what is pasted comes to lie; a little beside the originals without. */
  readonly at?: Point;
  /** Joins inputs to the outputs that the originals were joined to, where those still stand. */
  readonly withWires: boolean;
}

/** Adds copied nodes with new ids, selects them, and gives them back. Throws `bad-document` if the text is no workflow. */
export function pasteNodes(desk: Desk, text: string, { at, withWires }: Pasting): readonly HostNode[] {
  const { graph } = readGraph(text, desk.types.catalogue);
  const renamed = new Map<NodeId, HostNode>();
  const shift = shiftTo(graph.nodes, at);
  for (const saved of graph.nodes) {
    const node = makeNode(desk, { ...saved, pos: [saved.pos[0] + shift[0], saved.pos[1] + shift[1]] });
    node.id = -1;
    desk.graph.add(node, true);
    renamed.set(String(saved.id), node);
  }
  const next = linkIds(desk);
  addLinks(
    desk,
    graph.links.map((link) => renameLink(link, renamed, next())).filter((link) => link !== undefined),
  );
  if (withWires) for (const wire of enteringWires(text)) joinEntering(desk, wire, renamed.get(wire.into));
  desk.graph.updateExecutionOrder();
  const nodes = [...renamed.values()];
  selectNodes(desk, nodes);
  return nodes;
}

function shiftTo(nodes: readonly GraphNode[], at: Point | undefined): Point {
  if (at === undefined || nodes.length === 0) return [30, 30];
  const middle = (axis: 0 | 1): number => {
    const low = nodes.reduce((found, { pos }) => Math.min(found, pos[axis]), Number.POSITIVE_INFINITY);
    const high = nodes.reduce((found, { pos, size }) => Math.max(found, pos[axis] + size[axis]), Number.NEGATIVE_INFINITY);
    return (low + high) / 2;
  };
  return [at[0] - middle(0), at[1] - middle(1)];
}

function linkIds({ graph }: Desk): () => number {
  let last = linksOf(graph).reduce((max, { id }) => Math.max(max, id), graph.last_link_id);
  return () => ++last;
}

function renameLink(
  [, origin, output, target, input, type]: GraphLink,
  renamed: ReadonlyMap<NodeId, HostNode>,
  id: number,
): GraphLink | undefined {
  const [from, to] = [renamed.get(String(origin)), renamed.get(String(target))];
  return from === undefined || to === undefined ? undefined : [id, from.id, output, to.id, input, type];
}

/** The clipboard may hold anything: the wire is joined only if it could be drawn by hand. */
function joinEntering(desk: Desk, wire: Entering, into: HostNode | undefined): void {
  const from = nodeOf(desk, wire.node);
  const output = from === undefined ? undefined : plugsOf(desk, from).find(({ side, slot }) => side === 'output' && slot === wire.output);
  const input = into === undefined ? undefined : plugsOf(desk, into).find(({ side, name }) => side === 'input' && name === wire.input);
  if (output !== undefined && input !== undefined && faultOf(desk, output, input) === undefined) join(desk, output, input);
}

const isEntering = (value: unknown): value is Entering =>
  isRecord(value) &&
  typeof value.node === 'string' &&
  typeof value.output === 'number' &&
  typeof value.into === 'string' &&
  typeof value.input === 'string';

function enteringWires(text: string): readonly Entering[] {
  const raw: unknown = JSON.parse(text);
  const list: unknown = isRecord(raw) ? raw[wiresFrom] : [];
  return Array.isArray(list) ? list.filter(isEntering) : [];
}
