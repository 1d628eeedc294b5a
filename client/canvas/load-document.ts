import { bareType, type GraphDocument, type GraphGroup, type GraphLink, type GraphNode } from '../../workflows/index.ts';
import type { HostGraph, HostGroup, HostLibrary, HostNode } from '../plugin/host.ts';
import { slotType } from '../plugin/node-class.ts';
import type { NodeTypes } from '../plugin/node-types.ts';

/** What nodes and wires are made with. */
export interface Workshop {
  readonly host: HostLibrary;
  readonly graph: HostGraph;
  readonly types: NodeTypes;
}

/** Builds a graph from a clean document; what was there goes. litegraph itself never reads the document. */
export function loadDocument(workshop: Workshop, document: GraphDocument): void {
  const { graph, host } = workshop;
  graph.clear();
  for (const group of document.groups) graph.add(makeGroup(host, group));
  for (const node of document.nodes) graph.add(makeNode(workshop, node), true);
  graph.last_node_id = document.last_node_id;
  addLinks(workshop, document.links);
  graph.last_link_id = Math.max(document.last_link_id, graph.last_link_id);
  graph.updateExecutionOrder();
}

/** A litegraph node with the place, slots and values of a saved one; wires are not joined yet. */
export function makeNode({ host, types }: Workshop, saved: GraphNode): HostNode {
  const spec = types.catalogue.get(bareType(saved.type));
  const node = (spec === undefined ? undefined : host.createNode(types.registered(spec.type))) ?? makePlaceholder(host, saved);
  node.id = saved.id;
  node.pos = [saved.pos[0], saved.pos[1]];
  node.size = [saved.size[0], saved.size[1]];
  node.flags = { ...saved.flags };
  node.mode = saved.mode;
  node.title = saved.title ?? spec?.title ?? bareType(saved.type);
  if (saved.color !== undefined) node.color = saved.color;
  if (saved.bgcolor !== undefined) node.bgcolor = saved.bgcolor;
  node.properties = { ...(spec === undefined ? {} : node.properties), ...saved.properties };
  for (const { name } of saved.inputs) {
    const port = spec?.inputs.find((input) => input.name === name);
    if (port?.widget === undefined || node.inputs.some((input) => input.name === name)) continue;
    node.inputs.push({ name, type: slotType(port), link: null, label: port.label ?? name });
  }
  return node;
}

/** A node of a type that is not known here: the slots and values of the file, nothing else. */
function makePlaceholder(host: HostLibrary, saved: GraphNode): HostNode {
  const node = new host.LGraphNode(saved.title ?? bareType(saved.type));
  if (Object.hasOwn(node, 'pos')) node._pos = [0, 0];
  node.type = saved.type;
  node.inputs = saved.inputs.map(({ name, type }) => ({ name, type, link: null }));
  node.outputs = saved.outputs.map(({ name, type }) => ({ name, type, links: [] }));
  if (saved.widgets_values !== undefined) node.widgets_values = saved.widgets_values;
  return node;
}

/** Joins wires that the document has checked. Slots are found by name, for known nodes have the catalogue's slots. */
export function addLinks({ graph, host }: Workshop, links: readonly GraphLink[]): void {
  for (const [id, originId, originSlot, targetId, targetSlot, type] of links) {
    const [origin, target] = [graph.getNodeById(originId), graph.getNodeById(targetId)];
    const output = origin?.outputs[originSlot];
    const input = target?.inputs[targetSlot];
    if (output === undefined || input === undefined || input.link !== null || graph.links instanceof Map) continue;
    graph.links[id] = new host.LLink(id, type, originId, originSlot, targetId, targetSlot);
    output.links = [...(output.links ?? []), id];
    input.link = id;
    graph.last_link_id = Math.max(graph.last_link_id, id);
  }
}

function makeGroup(host: HostLibrary, { title, bounding, color, font_size }: GraphGroup): HostGroup {
  if (host.LGraphGroup === undefined) throw new Error('This litegraph has no groups.');
  const group = new host.LGraphGroup(title);
  bounding.forEach((value, index) => {
    group._bounding[index] = value;
  });
  delete group.color;
  delete group.font_size;
  Object.assign(group, color === undefined ? {} : { color }, font_size === undefined ? {} : { font_size });
  return group;
}
