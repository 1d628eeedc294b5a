import type { Desk, Point } from '../desk.ts';
import { zoomAt } from '../view-box.ts';
import type { Gesture } from './gesture.ts';

/** Two fingers: apart and together zooms, both the same way moves. */
export function pinch(desk: Desk, fingers: () => readonly [Point | undefined, Point | undefined]): Gesture {
  const spread = (): { readonly middle: Point; readonly distance: number } | undefined => {
    const [a, b] = fingers();
    if (a === undefined || b === undefined) return undefined;
    return { middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], distance: Math.max(8, Math.hypot(a[0] - b[0], a[1] - b[1])) };
  };
  let before = spread();
  return {
    move() {
      const now = spread();
      if (now === undefined || before === undefined) return;
      const { ds } = desk.surface;
      ds.offset[0] += (now.middle[0] - before.middle[0]) / ds.scale;
      ds.offset[1] += (now.middle[1] - before.middle[1]) / ds.scale;
      zoomAt(desk, now.distance / before.distance, now.middle);
      before = now;
    },
    up: () => undefined,
    cancel: () => undefined,
  };
}
