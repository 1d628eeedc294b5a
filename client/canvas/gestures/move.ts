import type { HostGroup, HostNode } from '../../plugin/host.ts';
import { type Desk, nodeArea, type Point } from '../desk.ts';
import { inside } from '../hit.ts';
import { measures } from '../measures.ts';
import type { Gesture, PointerAt } from './gesture.ts';

/** Moves nodes and groups; they snap to a grid if the view is made so, or not while Shift is held (and the other way round). */
export function move(
  desk: Desk,
  start: PointerAt,
  things: { readonly nodes: readonly HostNode[]; readonly groups: readonly HostGroup[]; readonly action: string },
): Gesture {
  const nodes = things.nodes
    .filter(({ flags }) => flags.pinned !== true)
    .map((node) => ({ node, from: [node.pos[0], node.pos[1]] as Point }));
  const groups = things.groups.map((group) => ({ group, from: [group._bounding[0] ?? 0, group._bounding[1] ?? 0] as Point }));
  const by = (dx: number, dy: number, snap: boolean): void => {
    const at = (value: number): number => (snap ? Math.round(value / measures.snap) * measures.snap : value);
    for (const { node, from } of nodes) node.pos = [at(from[0] + dx), at(from[1] + dy)];
    for (const { group, from } of groups) {
      group._bounding[0] = at(from[0] + dx);
      group._bounding[1] = at(from[1] + dy);
    }
    desk.redraw();
  };
  return {
    cursor: 'grabbing',
    move: ({ graph, shift }) => by(graph[0] - start.graph[0], graph[1] - start.graph[1], (desk.options.snap === true) !== shift),
    up(_at, moved) {
      if (moved && nodes.length + groups.length > 0) desk.done(things.action);
    },
    cancel: () => by(0, 0, false),
  };
}

/** Nodes whose middle is in a group. */
export function nodesIn(desk: Desk, group: HostGroup): readonly HostNode[] {
  const [x = 0, y = 0, width = 0, height = 0] = group._bounding;
  return desk.graph._nodes.filter((node) => {
    const area = nodeArea(desk, node);
    return inside({ x, y, width, height }, [area.x + area.width / 2, area.y + area.height / 2]);
  });
}
