import type { Box } from '../node-layout.ts';
import type { Mark, Theme } from '../theme.ts';
import type { Words } from './words.ts';

/** What everything is drawn with. */
export interface Pen {
  readonly ctx: CanvasRenderingContext2D;
  readonly theme: Theme;
  readonly words: Words;
  /** CSS px of a graph unit. */
  readonly scale: number;
  /** Time of this frame in ms. */
  readonly now: number;
}

/** Puts a rounded rectangle on the path; corners from the top left clockwise. */
export function roundedPath(ctx: CanvasRenderingContext2D, { x, y, width, height }: Box, radius: number | readonly number[]): void {
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, typeof radius === 'number' ? radius : [...radius]);
}

/** Fills a rounded rectangle. */
export function fillBox(
  { ctx }: Pen,
  box: Box,
  { colour, radius = 4 }: { readonly colour: string; readonly radius?: number | readonly number[] },
): void {
  roundedPath(ctx, box, radius);
  ctx.fillStyle = colour;
  ctx.fill();
}

/** Strokes a rounded rectangle. */
export function strokeBox(
  { ctx }: Pen,
  box: Box,
  { colour, radius = 4, width = 1 }: { readonly colour: string; readonly radius?: number; readonly width?: number },
): void {
  roundedPath(ctx, box, radius);
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke();
}

/** How a line of text is written. */
export interface Writing {
  readonly font: string;
  readonly colour: string;
  readonly align?: 'left' | 'right' | 'center';
}

/** Writes one line, its middle at `y`. */
export function write({ ctx }: Pen, text: string, [x, y]: readonly [number, number], { font, colour, align = 'left' }: Writing): void {
  ctx.font = font;
  ctx.fillStyle = colour;
  ctx.textAlign = align;
  ctx.textBaseline = 'middle';
  ctx.fillText(text, x, y + 0.5);
}

/** Puts the outline of a port's dot on the path. */
export function markPath(ctx: CanvasRenderingContext2D, mark: Mark, [x, y]: readonly [number, number], radius: number): void {
  ctx.beginPath();
  if (mark === 'circle') ctx.arc(x, y, radius, 0, 2 * Math.PI);
  else if (mark === 'square') ctx.roundRect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8, radius * 0.3);
  else polygon(ctx, corners[mark], { x, y, radius });
}

const turn = (count: number, start: number): readonly (readonly [number, number])[] =>
  Array.from(
    { length: count },
    (_, i) => [Math.cos(start + (2 * Math.PI * i) / count), Math.sin(start + (2 * Math.PI * i) / count)] as const,
  );

const corners = {
  diamond: turn(4, 0).map(([x, y]) => [x * 1.2, y * 1.2] as const),
  triangle: turn(3, 0).map(([x, y]) => [x * 1.25, y * 1.25] as const),
  hexagon: turn(6, 0).map(([x, y]) => [x * 1.1, y * 1.1] as const),
} as const;

function polygon(
  ctx: CanvasRenderingContext2D,
  points: readonly (readonly [number, number])[],
  { x, y, radius }: { readonly x: number; readonly y: number; readonly radius: number },
): void {
  for (const [dx, dy] of points) ctx.lineTo(x + dx * radius, y + dy * radius);
  ctx.closePath();
}
