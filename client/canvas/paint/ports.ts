import { withAlpha } from '../colour.ts';
import { font, fonts, measures } from '../measures.ts';
import type { Spot } from '../node-layout.ts';
import { markOf } from '../theme.ts';
import { markPath, type Pen, write } from './pen.ts';

/** How a dot stands at the moment. */
export interface DotLook {
  readonly type: string;
  readonly hollow: boolean;
  /** Something could be dropped here. */
  readonly wanted: boolean;
  readonly hovered: boolean;
  readonly failed: boolean;
}

/** Draws the dot of a port: form and colour by its type, a letter when it is large enough to read. */
export function drawDot(pen: Pen, at: readonly [number, number], look: DotLook): void {
  const { ctx, theme, scale } = pen;
  const [mark, letter] = markOf(look.type);
  const colour = theme.wire(look.type);
  const radius = Math.max(measures.dot, 2.5 / scale) + (look.hovered ? 1.2 : 0);
  if (look.wanted || look.failed) {
    ctx.beginPath();
    ctx.arc(at[0], at[1], radius + 4, 0, 2 * Math.PI);
    ctx.fillStyle = withAlpha(look.failed ? theme.danger : colour, 0.3);
    ctx.fill();
  }
  markPath(ctx, mark, at, radius);
  ctx.fillStyle = look.hollow ? theme.node : colour;
  ctx.fill();
  ctx.strokeStyle = look.failed ? theme.danger : look.hollow ? colour : theme.node;
  ctx.lineWidth = look.hollow || look.failed ? 1.8 : 1.2;
  ctx.stroke();
  if (measures.dot * 1.5 * scale < 11) return;
  write(pen, letter, at, { font: font(measures.dot * 1.5, 600), colour: look.hollow ? colour : theme.node, align: 'center' });
}

const plain = font(fonts.node);

/** Writes the names of ports beside their dots; those of one row share the width. */
export function drawPortNames(
  pen: Pen,
  { inputs, outputs, width }: { readonly inputs: readonly Spot[]; readonly outputs: readonly Spot[]; readonly width: number },
): void {
  const { words, theme } = pen;
  const room = width - 2 * 12;
  for (let row = 0; row < Math.max(inputs.length, outputs.length); row++) {
    const [left, right] = [inputs[row], outputs[row]];
    const wide = right === undefined ? 0 : words.width(right.label, plain);
    const rightRoom = left === undefined ? room : Math.min(wide, Math.max(room * 0.5, room - words.width(left.label, plain) - 10));
    const writing = { font: plain, colour: theme.secondary };
    if (left !== undefined)
      write(pen, words.fit(left.label, plain, room - (right === undefined ? 0 : rightRoom + 10)), [12, left.y], writing);
    if (right !== undefined) write(pen, words.fit(right.label, plain, rightRoom), [width - 12, right.y], { ...writing, align: 'right' });
  }
}
