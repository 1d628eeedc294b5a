import type { HostGroup, HostNode } from '../../plugin/host.ts';
import type { Desk } from '../desk.ts';
import { measures } from '../measures.ts';
import type { Gesture, PointerAt } from './gesture.ts';

/** Changes the size of a node; what is in it sets the least height. */
export function resizeNode(desk: Desk, start: PointerAt, node: HostNode): Gesture {
  const layout = desk.layoutOf(node);
  const from = [node.size[0], node.size[1]] as const;
  const to = (width: number, height: number): void => {
    if (node.flags.pinned === true) return;
    node.size = [Math.max(measures.leastWidth, width), Math.max(desk.layoutOf(node).leastHeight, height)];
    desk.redraw();
  };
  return {
    cursor: 'nwse-resize',
    move: ({ graph }) => to(layout.width + graph[0] - start.graph[0], layout.height + graph[1] - start.graph[1]),
    up(_at, moved) {
      if (moved && node.flags.pinned !== true) desk.done('Resize');
    },
    cancel: () => to(from[0], from[1]),
  };
}

/** Changes the size of a group. */
export function resizeGroup(desk: Desk, start: PointerAt, group: HostGroup): Gesture {
  const from = [group._bounding[2] ?? 0, group._bounding[3] ?? 0] as const;
  const to = (width: number, height: number): void => {
    group._bounding[2] = Math.max(80, width);
    group._bounding[3] = Math.max(60, height);
    desk.redraw();
  };
  return {
    cursor: 'nwse-resize',
    move: ({ graph }) => to(from[0] + graph[0] - start.graph[0], from[1] + graph[1] - start.graph[1]),
    up(_at, moved) {
      if (moved) desk.done('Resize group');
    },
    cancel: () => to(from[0], from[1]),
  };
}
