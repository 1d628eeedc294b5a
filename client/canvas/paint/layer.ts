import type { Area } from '../desk.ts';

/** A view of the graph: CSS px of a graph unit, device px of a CSS px, and the part that is seen. */
export interface Look {
  readonly scale: number;
  readonly density: number;
  readonly seen: Area;
}

/** How much larger than the view the picture is, to each side, as a share of the view. */
const margin = 0.3;
/** The picture may be stretched by this much while the view is zoomed. */
const stretch = { least: 0.6, most: 1.7 } as const;

const holds = (outer: Area, inner: Area): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** A picture of the graph that is somewhat larger than the view: as long as the graph does not change, moving the view moves the picture. */
export class Layer {
  #canvas: HTMLCanvasElement | undefined;
  #look: Look | undefined;

  /** What was drawn is no longer true. */
  forget(): void {
    this.#look = undefined;
  }

  /** Gives the picture's memory back. */
  clear(): void {
    this.#look = undefined;
    this.#canvas = undefined;
  }

  /** Puts the view on a context, drawn with `paint` if the picture does not show it. False if the picture was stretched: it should soon be drawn anew. */
  show(to: CanvasRenderingContext2D, look: Look, paint: (ctx: CanvasRenderingContext2D, look: Look) => void): boolean {
    if (!this.#serves(look)) this.#paint(to.canvas.ownerDocument, look, paint);
    const [canvas, from] = [this.#canvas, this.#look];
    if (canvas === undefined || from === undefined) return true;
    const pixels = from.scale * from.density;
    const { x, y, width, height } = look.seen;
    const [left, top] = [(x - from.seen.x) * pixels, (y - from.seen.y) * pixels];
    const sharp = from.scale === look.scale;
    to.setTransform(1, 0, 0, 1, 0, 0);
    to.globalAlpha = 1;
    to.imageSmoothingEnabled = !sharp;
    // Whole pixels keep what is moved as sharp as it was drawn.
    const at = (value: number): number => (sharp ? Math.round(value) : value);
    to.drawImage(canvas, at(left), at(top), at(width * pixels), at(height * pixels), 0, 0, to.canvas.width, to.canvas.height);
    to.imageSmoothingEnabled = true;
    return sharp;
  }

  #serves({ scale, density, seen }: Look): boolean {
    const known = this.#look;
    if (known === undefined || known.density !== density || !holds(known.seen, seen)) return false;
    const ratio = scale / known.scale;
    return ratio >= stretch.least && ratio <= stretch.most;
  }

  #paint(page: Document, { scale, density, seen }: Look, paint: (ctx: CanvasRenderingContext2D, look: Look) => void): void {
    const [dx, dy] = [seen.width * margin, seen.height * margin];
    const look = { scale, density, seen: { x: seen.x - dx, y: seen.y - dy, width: seen.width + 2 * dx, height: seen.height + 2 * dy } };
    const canvas = this.#canvas ?? page.createElement('canvas');
    const [width, height] = [Math.ceil(look.seen.width * scale * density), Math.ceil(look.seen.height * scale * density)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const ctx = canvas.getContext('2d');
    if (ctx === null) throw new Error('This browser gives no drawing context for a picture of the graph.');
    this.#canvas = canvas;
    paint(ctx, look);
    this.#look = look;
  }
}
