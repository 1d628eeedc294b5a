import type { GestureMaker } from './gesture.ts';

/** Moves what is seen. */
export const pan: GestureMaker = (desk, start) => {
  const { ds } = desk.surface;
  const from = [ds.offset[0], ds.offset[1]] as const;
  const to = (x: number, y: number): void => {
    ds.offset[0] = x;
    ds.offset[1] = y;
    desk.events.emit('view', { scale: ds.scale });
    desk.moved();
  };
  return {
    cursor: 'grabbing',
    move: ({ screen }) => to(from[0] + (screen[0] - start.screen[0]) / ds.scale, from[1] + (screen[1] - start.screen[1]) / ds.scale),
    up: () => undefined,
    cancel: () => to(from[0], from[1]),
  };
};
