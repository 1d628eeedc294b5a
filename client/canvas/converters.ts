import { type Catalogue, type NodeSpec, type PortSpec, typesFit } from '../../nodes/kit/index.ts';
import type { Between, NodeOffer } from '../graph-view.ts';
import type { HostNode } from '../plugin/host.ts';
import { type Desk, idOf, nodeOf, type Plug } from './desk.ts';
import { addNode, connectNodes } from './edits.ts';
import { carriedType, outputType } from './plugs.ts';

/** A node that makes one type out of another. */
interface Converter {
  readonly spec: NodeSpec;
  readonly into: PortSpec;
  readonly output: number;
  /** What else it must have: these types come from other nodes. */
  readonly more: readonly PortSpec[];
}

const exact = (port: PortSpec, type: string): boolean => port.type.split(',').includes(type);

function converterOf(spec: NodeSpec, from: string, to: string): Converter | undefined {
  const into = spec.inputs.find((port) => port.widget === undefined && port.optional !== true && exact(port, from));
  const output = spec.outputs.findIndex((port) => exact(port, to));
  if (spec.virtual === true || into === undefined || output < 0) return undefined;
  const more = spec.inputs.filter((port) => port !== into && port.widget === undefined && port.optional !== true);
  return { spec, into, output, more };
}

/** The nodes of a catalogue that turn one type into another with at most one thing more, such as a VAE; those that use it first. */
function convertersBetween(catalogue: Catalogue, from: string, to: string): readonly Converter[] {
  return [...catalogue.values()]
    .flatMap((spec) => converterOf(spec, from, to) ?? [])
    .filter(({ more }) => more.length <= 1)
    .sort((a, b) => b.more.length - a.more.length || a.spec.inputs.length - b.spec.inputs.length);
}

/** A node that gives a type. */
function sourceOf(desk: Desk, type: string): { readonly node: HostNode; readonly output: number } | undefined {
  for (const node of desk.graph._nodes) {
    const output = node.outputs.findIndex(
      (_, slot) => typesFit(outputType(desk, node, slot), type) && outputType(desk, node, slot) !== '*',
    );
    if (output >= 0) return { node, output };
  }
  return undefined;
}

const offered = 2;

/** Which nodes could stand between an output and an input that do not fit, if what else they need is in the graph. */
export function offersBetween(desk: Desk, output: Plug, input: Plug): readonly NodeOffer[] {
  return convertersBetween(desk.types.catalogue, carriedType(desk, output), carriedType(desk, input))
    .filter(({ more }) => more.every(({ type }) => sourceOf(desk, type) !== undefined))
    .filter(({ more }, _, [first]) => more.length === first?.more.length)
    .slice(0, offered)
    .map(({ spec }) => ({ type: spec.type, title: spec.title }));
}

/** Puts a node between an output and an input, wires it to both, and to what else it needs. Undefined if that cannot be. */
export function insertBetween(desk: Desk, type: string, { from, to }: Between): HostNode | undefined {
  const [origin, target] = [nodeOf(desk, from.node), nodeOf(desk, to.node)];
  const spec = desk.types.catalogue.get(type);
  if (origin === undefined || target === undefined || spec === undefined) return undefined;
  const wanted = desk.specOf(target)?.inputs.find(({ name }) => name === to.input)?.type ?? '*';
  const converter = converterOf(spec, outputType(desk, origin, from.output), wanted);
  if (converter === undefined) return undefined;
  const node = addNode(desk, type, { at: placeBetween(desk, origin, target), wire: undefined });
  connectNodes(desk, from, { node: idOf(node), input: converter.into.name });
  for (const port of converter.more) {
    const source = sourceOf(desk, port.type);
    if (source) connectNodes(desk, { node: idOf(source.node), output: source.output }, { node: idOf(node), input: port.name });
  }
  connectNodes(desk, { node: idOf(node), output: converter.output }, to);
  return node;
}

/** Above the middle of the way from one node to the other. */
function placeBetween(desk: Desk, origin: HostNode, target: HostNode): readonly [number, number] {
  const right = origin.pos[0] + desk.layoutOf(origin).width;
  return [(right + target.pos[0]) / 2 - 90, Math.min(origin.pos[1], target.pos[1]) - 180];
}
