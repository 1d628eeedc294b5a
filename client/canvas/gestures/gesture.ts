import type { Desk, Point } from '../desk.ts';

/** Where the pointer is and which keys are held. */
export interface PointerAt {
  /** In graph units. */
  readonly graph: Point;
  /** In CSS px of the page. */
  readonly screen: Point;
  readonly shift: boolean;
  /** Ctrl, or Command on a Mac. */
  readonly command: boolean;
  readonly touch: boolean;
}

/** One thing that is done with the pointer held down. `moved` is false until the pointer has left its place by a few px. */
export interface Gesture {
  move(at: PointerAt): void;
  /** Ends it; a gesture that never moved was a click. */
  up(at: PointerAt, moved: boolean): void;
  /** Takes everything back: Escape, a second finger, a lost pointer. */
  cancel(): void;
  readonly cursor?: string;
}

/** Makes a gesture, or none if there is nothing to do. */
export type GestureMaker = (desk: Desk, at: PointerAt) => Gesture;
