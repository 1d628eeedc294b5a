import { GraphError, type Literal, type Problem } from '../../nodes/kit/index.ts';
import { controlProperty, estimateSize, type Mode, type NodeId, type SeedControl } from '../../workflows/index.ts';
import type { LooseWire } from '../graph-view.ts';
import { type HostNode, linkOf } from '../plugin/host.ts';
import { type Desk, idOf, nodeOf, type Plug, type Point } from './desk.ts';
import { nodesIn } from './gestures/move.ts';
import { bestPlug } from './hit.ts';
import { modeNumbers } from './node-view.ts';
import { fittingTo, inputType, outputType, plugPoint, plugsOf } from './plugs.ts';
import { putValue } from './values.ts';
import { faultOf, join, unplug } from './wiring.ts';

const gone = (id: NodeId): GraphError => new GraphError('unknown-node', `There is no node ${id} in the graph any more. Choose another.`);

/** Adds a node; with a wire, the end that fits it comes to lie at the point. Throws `unknown-node-type`. */
export function addNode(desk: Desk, type: string, { at, wire }: { readonly at: Point; readonly wire: LooseWire | undefined }): HostNode {
  const spec = desk.types.catalogue.get(type);
  const node = spec === undefined ? null : desk.host.createNode(desk.types.registered(type));
  if (spec === undefined || node === null)
    throw new GraphError('unknown-node-type', `There is no node type “${type}” here. Choose one of the list.`);
  const slots = Math.max(spec.inputs.filter(({ widget }) => widget === undefined).length, spec.outputs.length);
  const [width, height] = estimateSize(spec, slots);
  node.size = [width, height];
  node.pos = [at[0], at[1] + desk.host.NODE_TITLE_HEIGHT];
  desk.graph.add(node);
  const reference = wire === undefined ? undefined : plugOf(desk, wire);
  const plug = reference === undefined ? undefined : bestPlug(desk, fittingTo(desk, reference), { node });
  if (reference === undefined || plug === undefined) return node;
  node.pos = [node.pos[0] + at[0] - plug.at[0], node.pos[1] + at[1] - plug.at[1]];
  if (reference.side === 'output') join(desk, reference, plug);
  else join(desk, plug, reference);
  return node;
}

function plugOf(desk: Desk, { node: id, slot, side, type }: LooseWire): Plug | undefined {
  const node = nodeOf(desk, id);
  const slots = side === 'input' ? node?.inputs : node?.outputs;
  if (node === undefined || slots?.[slot] === undefined) return undefined;
  const real = side === 'input' ? inputType(desk, node, slot) : outputType(desk, node, slot);
  return { node, side, slot, name: slots[slot]?.name ?? '', type: real === '*' ? type : real, at: plugPoint(desk, node, { side, slot }) };
}

/** Takes nodes away with their wires, and groups that they leave empty; fields that were fed by them have their own values again. */
export function removeNodes(desk: Desk, nodes: readonly HostNode[]): void {
  const filled = desk.graph._groups.filter((group) => nodesIn(desk, group).length > 0);
  for (const node of nodes) {
    for (const id of node.outputs.flatMap(({ links }) => [...(links ?? [])])) {
      const link = linkOf(desk.graph, id);
      const target = link === undefined ? undefined : desk.graph.getNodeById(link.target_id);
      if (link !== undefined && target) unplug(desk, target, link.target_slot);
    }
    delete desk.surface.selected_nodes[String(node.id)];
    desk.graph.remove(node);
  }
  for (const group of filled) if (nodesIn(desk, group).length === 0) desk.graph.remove(group);
}

/** Joins by names; gives back why not, if not. */
export function connectNodes(
  desk: Desk,
  from: { readonly node: NodeId; readonly output: number },
  to: { readonly node: NodeId; readonly input: string },
): Problem | undefined {
  const [origin, target] = [nodeOf(desk, from.node), nodeOf(desk, to.node)];
  if (origin === undefined) return { code: 'unknown-node', message: gone(from.node).message, node: from.node };
  if (target === undefined) return { code: 'unknown-node', message: gone(to.node).message, node: to.node };
  const output = plugsOf(desk, origin).find(({ side, slot }) => side === 'output' && slot === from.output);
  const input = inputPlug(desk, target, to.input);
  if (output === undefined || input === undefined) {
    const what = output === undefined ? `“${origin.title}” has no output ${from.output}.` : `“${target.title}” has no input “${to.input}”.`;
    return { code: 'unknown-port', message: what, node: to.node, port: to.input };
  }
  const fault = faultOf(desk, output, input);
  if (fault === undefined) join(desk, output, input);
  return fault;
}

/** Fields that the node does not show can be wired too. */
function inputPlug(desk: Desk, node: HostNode, name: string): Plug | undefined {
  const shown = plugsOf(desk, node).find((plug) => plug.side === 'input' && plug.name === name);
  if (shown !== undefined) return shown;
  const port = desk.specOf(node)?.inputs.find((input) => input.name === name);
  return port === undefined ? undefined : { node, side: 'input', slot: undefined, name, type: port.type, at: [node.pos[0], node.pos[1]] };
}

/** Takes the wire of an input away. True if there was one. */
export function disconnectInput(desk: Desk, to: { readonly node: NodeId; readonly input: string }): boolean {
  const node = nodeOf(desk, to.node);
  const slot = node?.inputs.findIndex(({ name, link }) => name === to.input && link !== null) ?? -1;
  if (node === undefined || slot < 0) return false;
  unplug(desk, node, slot);
  return true;
}

/** Sets a value; throws `unknown-node` or `unknown-port`. True if it changed. */
export function setNodeValue(desk: Desk, id: NodeId, { port: name, value }: { readonly port: string; readonly value: Literal }): boolean {
  const node = nodeOf(desk, id);
  if (node === undefined) throw gone(id);
  const spec = desk.specOf(node);
  const port = spec?.inputs.find((input) => input.name === name);
  if (spec !== undefined && port?.widget === undefined)
    throw new GraphError('unknown-port', `“${node.title}” has no value “${name}”.`, { place: { node: id, port: name } });
  return putValue(node, port ?? { name }, value);
}

/** Sets how a seed changes before each run. True if it changed. */
export function setControl(desk: Desk, id: NodeId, control: SeedControl): boolean {
  const node = nodeOf(desk, id);
  if (node === undefined) throw gone(id);
  if (node.properties[controlProperty] === control) return false;
  node.setProperty(controlProperty, control);
  return true;
}

/** Sets the mode of nodes. True if any changed. */
export function setModes(nodes: readonly HostNode[], mode: Mode): boolean {
  const changed = nodes.filter((node) => node.mode !== modeNumbers[mode]);
  for (const node of changed) node.mode = modeNumbers[mode];
  return changed.length > 0;
}

/** Nodes by their ids; ids that are gone are left out. */
export const nodesOf = (desk: Desk, ids: readonly NodeId[]): readonly HostNode[] => ids.flatMap((id) => nodeOf(desk, id) ?? []);

/** The ids of nodes. */
export const idsOf = (nodes: readonly HostNode[]): readonly NodeId[] => nodes.map(idOf);
