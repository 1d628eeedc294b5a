import { typesFit } from '../../nodes/kit/index.ts';
import { type HostNode, linkOf, sourcesOf } from '../plugin/host.ts';
import type { Desk, Plug, Point } from './desk.ts';
import { isBend } from './node-layout.ts';

/** Where the dot of an input or output is, in graph units. Collapsed nodes have all of a side in one place. */
export function plugPoint(desk: Desk, node: HostNode, { side, slot }: { readonly side: Plug['side']; readonly slot: number }): Point {
  const layout = desk.layoutOf(node);
  const [x, y] = [node.pos[0], node.pos[1]];
  const edge = side === 'input' ? x : x + layout.width;
  if (node.flags.collapsed === true || isBend({ node, spec: desk.specOf(node) })) return [edge, y - desk.host.NODE_TITLE_HEIGHT / 2];
  const spot = (side === 'input' ? layout.inputs : layout.outputs).find((found) => found.slot === slot);
  if (spot !== undefined) return [x + spot.x, y + spot.y];
  const field = layout.fields.find((found) => found.slot === slot);
  return field === undefined ? [edge, y] : [x, y + field.y + Math.min(field.height, 24) / 2];
}

/** All ends that a node offers to wires: its outputs, its inputs, and fields that could take their value from a wire. */
export function plugsOf(desk: Desk, node: HostNode): readonly Plug[] {
  const layout = desk.layoutOf(node);
  const point = (side: Plug['side'], slot: number): Point => plugPoint(desk, node, { side, slot });
  const spots = (side: Plug['side']): Plug[] =>
    (side === 'input' ? layout.inputs : layout.outputs).map(({ slot, name, type }) => ({
      node,
      side,
      slot,
      name,
      type,
      at: point(side, slot),
    }));
  const fields = layout.fields.map(({ port, slot, y, height }): Plug => {
    const at: Point = slot === undefined ? [node.pos[0], node.pos[1] + y + Math.min(height, 24) / 2] : point('input', slot);
    return { node, side: 'input', slot, name: port.name, type: port.type, at };
  });
  return [...spots('output'), ...spots('input'), ...(node.flags.collapsed === true ? [] : fields)];
}

/** What really comes out of an output or is wanted by an input: seen through bends. */
export function carriedType(desk: Desk, plug: Pick<Plug, 'node' | 'side' | 'slot' | 'type'>, depth = 0): string {
  if (depth > 64 || !isBend({ node: plug.node, spec: desk.specOf(plug.node) })) return plug.type;
  const { graph } = desk;
  if (plug.side === 'output') {
    const link = linkOf(graph, plug.node.inputs[0]?.link);
    const origin = link === undefined ? undefined : graph.getNodeById(link.origin_id);
    if (link === undefined || origin === null || origin === undefined) return plug.type;
    return carriedType(
      desk,
      { node: origin, side: 'output', slot: link.origin_slot, type: outputType(desk, origin, link.origin_slot) },
      depth + 1,
    );
  }
  for (const id of plug.node.outputs[0]?.links ?? []) {
    const link = linkOf(graph, id);
    const target = link === undefined ? undefined : graph.getNodeById(link.target_id);
    if (link === undefined || target === null || target === undefined) continue;
    const type = carriedType(
      desk,
      { node: target, side: 'input', slot: link.target_slot, type: inputType(desk, target, link.target_slot) },
      depth + 1,
    );
    if (type !== '*') return type;
  }
  return plug.type;
}

const text = (type: string | number | undefined): string => (typeof type === 'string' && type !== '' ? type : '*');

/** The type of an output by the catalogue, or by the file for unknown nodes. */
export const outputType = (desk: Desk, node: HostNode, slot: number): string =>
  desk.specOf(node)?.outputs[slot]?.type ?? text(node.outputs[slot]?.type);

/** The type of an input, the same way. */
export function inputType(desk: Desk, node: HostNode, slot: number): string {
  const input = node.inputs[slot];
  return desk.specOf(node)?.inputs.find(({ name }) => name === input?.name)?.type ?? text(input?.type);
}

/** Ends that the other end of a wire may go to. */
export interface Fitting {
  readonly reference: Plug;
  fits(plug: Plug): boolean;
  /** Does the node offer anything? */
  any(node: HostNode): boolean;
}

/** Finds what fits an end: type and direction, and no circle. */
export function fittingTo(desk: Desk, reference: Plug): Fitting {
  const type = carriedType(desk, reference);
  const forbidden = reference.side === 'output' ? ancestors(reference.node) : descendants(desk, reference.node);
  const fits = (plug: Plug): boolean => {
    if (plug.side === reference.side || forbidden.has(plug.node)) return false;
    const other = carriedType(desk, plug);
    return reference.side === 'output' ? typesFit(type, other) : typesFit(other, type);
  };
  return { reference, fits, any: (node) => plugsOf(desk, node).some(fits) };
}

/** A node and all that it needs. */
function ancestors(node: HostNode): ReadonlySet<HostNode> {
  return walk(node, sourcesOf);
}

/** A node and all that need it. */
function descendants(desk: Desk, node: HostNode): ReadonlySet<HostNode> {
  return walk(node, ({ outputs }) =>
    outputs.flatMap(({ links }) => (links ?? []).flatMap((id) => desk.graph.getNodeById(linkOf(desk.graph, id)?.target_id ?? '') ?? [])),
  );
}

function walk(start: HostNode, next: (node: HostNode) => readonly HostNode[]): ReadonlySet<HostNode> {
  const seen = new Set<HostNode>([start]);
  for (const node of seen) for (const other of next(node)) seen.add(other);
  return seen;
}
