import { type Area, type Desk, nodeArea, overlap } from '../desk.ts';
import { selectedNodes, selectNodes } from '../selection.ts';
import type { Gesture, PointerAt } from './gesture.ts';

/** Draws a box; the nodes that it touches are added to the selection. */
export function boxSelect(desk: Desk, start: PointerAt): Gesture {
  const before = selectedNodes(desk);
  const finish = (): void => {
    delete desk.doing.box;
    desk.redraw();
  };
  return {
    cursor: 'crosshair',
    move({ graph }) {
      const box = between(start.graph, graph);
      desk.doing.box = box;
      const touched = desk.graph._nodes.filter((node) => overlap(nodeArea(desk, node), box));
      selectNodes(desk, [...new Set([...before, ...touched])]);
      desk.redraw();
    },
    up: finish,
    cancel() {
      selectNodes(desk, before);
      finish();
    },
  };
}

function between(a: readonly [number, number], b: readonly [number, number]): Area {
  return { x: Math.min(a[0], b[0]), y: Math.min(a[1], b[1]), width: Math.abs(a[0] - b[0]), height: Math.abs(a[1] - b[1]) };
}
