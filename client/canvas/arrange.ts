import type { Arrangement } from '../graph-view.ts';
import type { HostNode } from '../plugin/host.ts';
import { type Area, type Desk, nodeArea } from './desk.ts';
import { areaAround } from './view-box.ts';

interface Placed {
  readonly node: HostNode;
  readonly area: Area;
}

/** Lines nodes up, or spreads them evenly between the first and the last; pinned ones stay and count all the same. True if any moved. */
export function arrangeNodes(desk: Desk, nodes: readonly HostNode[], how: Arrangement): boolean {
  const all = areaAround(desk, nodes);
  if (all === undefined || nodes.length < 2) return false;
  const placed = nodes.map((node) => ({ node, area: nodeArea(desk, node) }));
  const moved = how === 'across' || how === 'down' ? spread(placed, how, all) : placed.map((one) => move(one, lineUp(one.area, all, how)));
  return moved.some((is) => is);
}

function lineUp(area: Area, all: Area, how: Exclude<Arrangement, 'across' | 'down'>): readonly [number, number] {
  const [right, bottom] = [all.x + all.width - area.x - area.width, all.y + all.height - area.y - area.height];
  const [left, top] = [all.x - area.x, all.y - area.y];
  const ways = {
    left: [left, 0],
    centre: [(left + right) / 2, 0],
    right: [right, 0],
    top: [0, top],
    middle: [0, (top + bottom) / 2],
    bottom: [0, bottom],
  } as const;
  return ways[how];
}

function spread(placed: readonly Placed[], how: 'across' | 'down', all: Area): readonly boolean[] {
  const [at, size] = how === 'across' ? (['x', 'width'] as const) : (['y', 'height'] as const);
  const ordered = [...placed].sort((a, b) => a.area[at] + a.area[size] / 2 - b.area[at] - b.area[size] / 2);
  const taken = ordered.reduce((sum, { area }) => sum + area[size], 0);
  // Nodes that have no room beside each other get some.
  const gap = Math.max(12, (all[size] - taken) / (ordered.length - 1));
  let next = all[at];
  return ordered.map((one) => {
    const by = next - one.area[at];
    next += one.area[size] + gap;
    return move(one, how === 'across' ? [by, 0] : [0, by]);
  });
}

function move({ node }: Placed, [dx, dy]: readonly [number, number]): boolean {
  if (node.flags.pinned === true || Math.hypot(dx, dy) < 0.01) return false;
  node.pos = [Math.round(node.pos[0] + dx), Math.round(node.pos[1] + dy)];
  return true;
}
