import type { HostGroup, HostNode } from '../plugin/host.ts';
import { type Desk, idOf } from './desk.ts';

/** The selected nodes, in the order of the graph. */
export const selectedNodes = ({ graph, surface }: Desk): readonly HostNode[] =>
  graph._nodes.filter((node) => surface.selected_nodes[String(node.id)] !== undefined);

/** Selects just these nodes, and a group they are in, and tells of it if that is a change. */
export function selectNodes(desk: Desk, nodes: readonly HostNode[], group?: HostGroup): void {
  const { doing, surface } = desk;
  const before = Object.keys(surface.selected_nodes).sort().join();
  const same = doing.group === group;
  surface.selected_nodes = Object.fromEntries(nodes.map((node) => [String(node.id), node]));
  if (group === undefined) delete doing.group;
  else doing.group = group;
  if (same && Object.keys(surface.selected_nodes).sort().join() === before) return;
  tellSelection(desk);
  desk.redraw();
}

/** Tells what is selected now. */
export function tellSelection(desk: Desk): void {
  const group = desk.doing.group === undefined ? -1 : desk.graph._groups.indexOf(desk.doing.group);
  desk.events.emit('select', { nodes: selectedNodes(desk).map(idOf), ...(group < 0 ? {} : { group }) });
}

/** A click on a node: alone, or added to and taken from the selection with a key held. */
export function clickNode(desk: Desk, node: HostNode, adding: boolean): void {
  const chosen = selectedNodes(desk);
  if (!adding) selectNodes(desk, [node]);
  else selectNodes(desk, chosen.includes(node) ? chosen.filter((other) => other !== node) : [...chosen, node]);
}
