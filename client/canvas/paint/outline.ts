import { withAlpha } from '../colour.ts';
import { measures } from '../measures.ts';
import type { Box } from '../node-layout.ts';
import { type Pen, roundedPath, strokeBox } from './pen.ts';

/** How the edge of a node is drawn. */
export interface EdgeLook {
  readonly selected: boolean;
  readonly failed: boolean;
  readonly running: boolean;
  readonly dashed: boolean;
  /** No movement is wanted. */
  readonly calm: boolean;
}

/** A turn of the light around a running node takes this long, in ms. */
const turn = 2400;

/** Draws the edge of a node: a hair line, the accent when selected, red when failed, a light that goes round while it runs. */
export function drawEdge(pen: Pen, box: Box, look: EdgeLook): void {
  const { ctx, theme, scale } = pen;
  const hair = Math.max(1, 1 / scale);
  if (look.running) {
    drawRunning(pen, box, look.calm);
    return;
  }
  ctx.setLineDash(look.dashed ? [6, 4] : []);
  if (look.failed) {
    strokeBox(pen, grown(box, 3), { colour: withAlpha(theme.danger, 0.22), radius: measures.radius + 3, width: 4 });
    strokeBox(pen, box, { colour: theme.danger, radius: measures.radius, width: 1.6 * hair });
  } else if (look.dashed)
    strokeBox(pen, box, { colour: look.selected ? theme.accent : theme.secondary, radius: measures.radius, width: 1.4 * hair });
  else if (!look.selected) strokeBox(pen, box, { colour: theme.border, radius: measures.radius, width: hair });
  ctx.setLineDash([]);
  if (!look.selected) return;
  if (!look.dashed && !look.failed) strokeBox(pen, box, { colour: theme.accent, radius: measures.radius, width: 1.6 * hair });
  strokeBox(pen, grown(box, 2.5), { colour: withAlpha(theme.accent, 0.25), radius: measures.radius + 2.5, width: 3 });
}

const grown = ({ x, y, width, height }: Box, by: number): Box => ({ x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by });

function drawRunning({ ctx, theme, now, scale }: Pen, box: Box, calm: boolean): void {
  const hair = Math.max(1, 1 / scale);
  const angle = calm ? 0 : ((now % turn) / turn) * 2 * Math.PI;
  const light = ctx.createConicGradient(angle, box.x + box.width / 2, box.y + box.height / 2);
  const least = calm ? 0.9 : 0.28;
  light.addColorStop(0, withAlpha(theme.accent, 1));
  light.addColorStop(0.3, withAlpha(theme.accent, least));
  light.addColorStop(0.7, withAlpha(theme.accent, least));
  light.addColorStop(1, withAlpha(theme.accent, 1));
  ctx.strokeStyle = light;
  ctx.globalAlpha *= 0.35;
  roundedPath(ctx, grown(box, 2.5), measures.radius + 2.5);
  ctx.lineWidth = 4;
  ctx.stroke();
  ctx.globalAlpha /= 0.35;
  roundedPath(ctx, box, measures.radius);
  ctx.lineWidth = 1.8 * hair;
  ctx.stroke();
}
