import type { Curve, Plot } from '../../../nodes/kit/index.ts';
import { withAlpha } from '../colour.ts';
import { font, fonts, isLegible } from '../measures.ts';
import type { Box } from '../node-layout.ts';
import type { Theme } from '../theme.ts';
import { fillBox, type Pen, roundedPath, write } from './pen.ts';

/** What a painter of plots needs; hosts that are not ours have it too. */
const small = font(fonts.small);
const colourTypes = ['SIGMAS', 'CONDITIONING', 'MODEL', 'IMAGE', 'LATENT', 'GUIDER'] as const;

/** The colours of curves, in order. */
export const curveColour = (theme: Theme, index: number): string => theme.wire(colourTypes[index % colourTypes.length] ?? 'SIGMAS');

/** Draws a line plot: a legend, and the panels below or beside each other, each on its own scale. */
export function drawPlot(pen: Pen, plot: Plot, box: Box): void {
  fillBox(pen, box, { colour: pen.theme.field });
  const labels = isLegible(fonts.small, pen.scale);
  const legend = labels ? drawLegend(pen, plot, box) : 4;
  const foot = labels ? 16 : 4;
  const room = { x: box.x + 8, y: box.y + legend, width: box.width - 16, height: box.height - legend - foot };
  const count = Math.max(1, plot.panels.length);
  const beside = room.width > room.height * 1.8;
  plot.panels.forEach((panel, index) => {
    const part = beside
      ? { ...room, x: room.x + (index * (room.width + 10)) / count, width: (room.width + 10) / count - 10 }
      : { ...room, y: room.y + (index * (room.height + 6)) / count, height: (room.height + 6) / count - 6 };
    if (part.height > 6 && part.width > 6) drawPanel(pen, plot.x, { panel, box: part, labels });
  });
  if (labels) drawXAxis(pen, plot, box);
}

function drawLegend(pen: Pen, plot: Plot, box: Box): number {
  const { ctx, theme, words } = pen;
  const names = plot.panels[0]?.curves.map(({ label }) => label) ?? [];
  let x = box.x + 8;
  names.forEach((name, index) => {
    const room = box.x + box.width - x - 22;
    if (room < 24) return;
    const label = words.fit(name, small, room);
    ctx.beginPath();
    ctx.moveTo(x, box.y + 11);
    ctx.lineTo(x + 10, box.y + 11);
    strokeCurve(pen, index);
    write(pen, label, [x + 14, box.y + 11], { font: small, colour: index === 0 ? theme.text : theme.secondary });
    x += words.width(label, small) + 24;
  });
  return names.length === 0 ? 6 : 22;
}

function drawXAxis(pen: Pen, { x, xLabel }: Plot, box: Box): void {
  const y = box.y + box.height - 8;
  const writing = { font: small, colour: pen.theme.secondary };
  write(pen, xLabel, [box.x + box.width / 2, y], { ...writing, align: 'center' });
  write(pen, shortNumber(x[0] ?? 0), [box.x + 8, y], writing);
  write(pen, shortNumber(x.at(-1) ?? 0), [box.x + box.width - 8, y], { ...writing, align: 'right' });
}

interface PanelPlace {
  readonly panel: Plot['panels'][number];
  readonly box: Box;
  readonly labels: boolean;
}

function drawPanel(pen: Pen, x: readonly number[], { panel, box, labels }: PanelPlace): void {
  const { ctx, theme } = pen;
  const range = rangeOf(panel.curves);
  ctx.save();
  roundedPath(ctx, box, 0);
  ctx.clip();
  ctx.fillStyle = withAlpha(theme.text, 0.03);
  ctx.fillRect(box.x, box.y, box.width, box.height);
  [...panel.curves.entries()].reverse().forEach(([index, curve]) => {
    tracePath(ctx, { x, y: curve.y, range, box });
    strokeCurve(pen, index);
  });
  ctx.restore();
  ctx.strokeStyle = theme.border;
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(box.x, box.y);
  ctx.lineTo(box.x, box.y + box.height);
  ctx.lineTo(box.x + box.width, box.y + box.height);
  ctx.stroke();
  if (labels && box.height >= 26) drawPanelText(pen, panel.label, { box, range });
}

function drawPanelText(pen: Pen, label: string, { box, range }: { readonly box: Box; readonly range: Range }): void {
  const writing = { font: small, colour: pen.theme.secondary };
  write(pen, shortNumber(range.high), [box.x + 4, box.y + 7], writing);
  write(pen, shortNumber(range.low), [box.x + 4, box.y + box.height - 7], writing);
  write(pen, label, [box.x + box.width - 4, box.y + 7], { font: font(fonts.small, 600), colour: pen.theme.text, align: 'right' });
}

function strokeCurve({ ctx, theme, scale }: Pen, index: number): void {
  ctx.strokeStyle = index === 0 ? curveColour(theme, 0) : withAlpha(curveColour(theme, index), 0.75);
  ctx.lineWidth = Math.max(index === 0 ? 1.8 : 1.2, 1 / scale);
  ctx.setLineDash(index === 0 ? [] : index === 1 ? [4, 3] : [1.5, 3]);
  ctx.lineJoin = 'round';
  ctx.stroke();
  ctx.setLineDash([]);
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(curves: readonly Curve[]): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { y } of curves) {
    for (const value of y) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return { low: 0, high: 1 };
  return low === high ? { low: low - 0.5, high: high + 0.5 } : { low, high };
}

interface Trace {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly range: Range;
  readonly box: Box;
}

/** Puts a curve on the path; it breaks where a value is not finite. */
function tracePath(ctx: CanvasRenderingContext2D, { x, y, range, box }: Trace): void {
  const [first, last] = [x[0] ?? 0, x.at(-1) ?? 1];
  const span = last - first || 1;
  let drawing = false;
  ctx.beginPath();
  y.forEach((value, index) => {
    if (!Number.isFinite(value)) {
      drawing = false;
      return;
    }
    const px = box.x + (((x[index] ?? first) - first) / span) * box.width;
    const py = box.y + 2 + (1 - (value - range.low) / (range.high - range.low)) * (box.height - 4);
    if (drawing) ctx.lineTo(px, py);
    else ctx.moveTo(px, py);
    drawing = true;
  });
}

/** A number in few letters. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(1).replace('e+', 'e');
  return String(Number(value.toPrecision(3)));
}
