import type { HostNode } from '../plugin/host.ts';
import { type Desk, seenArea } from './desk.ts';
import type { Layouts } from './layouts.ts';
import { isFar } from './measures.ts';
import { Layer, type Look } from './paint/layer.ts';
import { drawScene } from './paint/scene.ts';
import { Words } from './paint/words.ts';
import { fitPixels } from './surface.ts';

/** Draws frames. */
export interface Painter {
  draw(now: number): void;
  /** What was drawn before is no longer true, beyond the place of the view. */
  changed(): void;
}

/** From so many nodes on a graph that is seen from far away is kept as a picture. */
const many = 200;
/** A picture that was stretched is drawn anew when the view has rested this long, in ms. */
const rest = 120;

/** What a painter needs of the canvas; the desk is made later. */
interface Parts {
  readonly desk: () => Desk;
  readonly layouts: () => Layouts;
  readonly again: () => void;
}

/** Draws the graph on an element: straight, or by a picture of it where that is faster. */
export function createPainter(element: HTMLCanvasElement, { desk, layouts, again }: Parts): Painter {
  const context = contextOf(element);
  const words = new Words(context);
  const layer = new Layer();
  const reported = new WeakSet<object>();
  let sharpening: ReturnType<typeof setTimeout> | undefined;
  const failed = (node: HostNode, thrown: unknown): void => {
    if (reported.has(node)) return;
    reported.add(node);
    console.error(`Node ${node.id} (${node.type}) could not be drawn.`, thrown);
  };
  const sharpen = (): void => {
    clearTimeout(sharpening);
    sharpening = setTimeout(() => {
      layer.forget();
      again();
    }, rest);
  };
  return {
    draw(now) {
      const density = Math.max(1, globalThis.devicePixelRatio || 1);
      fitPixels(element, density);
      const look = { scale: desk().surface.ds.scale, density, seen: seenArea(desk()) };
      const paint = (ctx: CanvasRenderingContext2D, part: Look): void =>
        layouts().during(() => drawScene(desk(), { ctx, words, look: part, now }, failed));
      clearTimeout(sharpening);
      if (!wantsLayer(desk())) {
        layer.clear();
        paint(context, look);
      } else if (!layer.show(context, look, paint)) sharpen();
    },
    changed: () => layer.forget(),
  };
}

/** Worth it where many nodes are small, and right where nothing moves by itself or hangs on the pointer. */
const wantsLayer = ({ graph, surface, doing, marks }: Desk): boolean =>
  graph._nodes.length >= many && isFar(surface.ds.scale) && doing.wire === undefined && doing.box === undefined && !marks.running;

function contextOf(element: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = element.getContext('2d');
  if (context === null) throw new Error('This browser gives no drawing context for the canvas. Close other pages and open this one again.');
  return context;
}
