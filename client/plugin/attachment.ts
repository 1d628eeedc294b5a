import type { HostCanvas } from './host.ts';
import type { HostPainter } from './host-painter.ts';
import { addColours } from './type-colours.ts';

/** Draws over a host's canvas and colours the slots on it; gives back how to end that. The host's own hook is called first. */
export function attachTo(canvas: HostCanvas, painter: HostPainter): { colour(colours: ReadonlyMap<string, string>): void; end(): void } {
  const before = canvas.onDrawForeground;
  const known = Object.hasOwn(canvas, 'onDrawForeground');
  let ended = false;
  const hook = (ctx: CanvasRenderingContext2D, area: unknown): void => {
    before?.call(canvas, ctx, area);
    if (!ended) painter.above(ctx, canvas);
  };
  canvas.onDrawForeground = hook;
  let uncolour = (): void => undefined;
  canvas.setDirty(true, true);
  return {
    colour(colours) {
      uncolour();
      uncolour = addColours(canvas.default_connection_color_byType ?? {}, colours);
    },
    end() {
      ended = true;
      uncolour();
      // A host that has put its own hook over this one keeps it.
      if (canvas.onDrawForeground !== hook) return;
      if (known && before !== undefined) canvas.onDrawForeground = before;
      else delete canvas.onDrawForeground;
      canvas.setDirty(true, true);
    },
  };
}
