import type { HostNode } from '../plugin/host.ts';
import { type Desk, idOf } from './desk.ts';

/** The selected nodes, in the order of the graph. */
export const selectedNodes = ({ graph, surface }: Desk): readonly HostNode[] =>
  graph._nodes.filter((node) => surface.selected_nodes[String(node.id)] !== undefined);

/** Selects just these nodes, and tells of it if that is a change. */
export function selectNodes(desk: Desk, nodes: readonly HostNode[]): void {
  const before = Object.keys(desk.surface.selected_nodes).sort().join();
  desk.surface.selected_nodes = Object.fromEntries(nodes.map((node) => [String(node.id), node]));
  if (Object.keys(desk.surface.selected_nodes).sort().join() === before) return;
  desk.events.emit('select', { nodes: selectedNodes(desk).map(idOf) });
  desk.redraw();
}

/** A click on a node: alone, or added to and taken from the selection with a key held. */
export function clickNode(desk: Desk, node: HostNode, adding: boolean): void {
  const chosen = selectedNodes(desk);
  if (!adding) selectNodes(desk, [node]);
  else selectNodes(desk, chosen.includes(node) ? chosen.filter((other) => other !== node) : [...chosen, node]);
}
