/** Draws when something has changed, at most once a frame of the screen. */
export interface Frames {
  request(): void;
  stop(): void;
}

/** An error while drawing is reported, and the next frame is drawn all the same; `moving` asks for frames without end. */
export function createFrames(draw: (now: number) => void, moving: () => boolean): Frames {
  let waiting: number | undefined;
  let stopped = false;
  const frame = (now: number): void => {
    waiting = undefined;
    try {
      draw(now);
    } catch (thrown) {
      console.error(thrown);
    }
    if (moving()) request();
  };
  const request = (): void => {
    if (!stopped) waiting ??= requestAnimationFrame(frame);
  };
  return {
    request,
    stop() {
      stopped = true;
      if (waiting !== undefined) cancelAnimationFrame(waiting);
    },
  };
}
