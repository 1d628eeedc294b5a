import type { HostNode } from '../../plugin/host.ts';
import { withAlpha } from '../colour.ts';
import { font, fonts, measures } from '../measures.ts';
import type { Field } from '../node-layout.ts';
import { fieldValue, seedControlOf, shareOf, shownUnit, shownValue } from '../values.ts';
import { controlSign, drawSign } from './icons.ts';
import { fillBox, type Pen, roundedPath, strokeBox, write } from './pen.ts';

/** How a field stands at the moment. */
export interface FieldLook {
  readonly hovered: boolean;
  readonly failed: boolean;
  /** It is edited in place: the box only. */
  readonly editing: boolean;
  readonly upload: boolean;
  /** The values that a sweep gives it, as they are typed. */
  readonly axis: string | undefined;
}

/** Room at the right end that belongs to a button: a seed's control, the upload of a picture. */
export const buttonWidth = 26;

/** Has the field a button at its right end? */
export const hasButton = ({ port, slot }: Field, upload: boolean): boolean =>
  slot === undefined && (port.widget?.kind === 'seed' || (upload && port.widget?.kind === 'choice' && port.widget.upload === true));

const plain = font(fonts.node);

/** Draws one field of a node: label left, value right, or a box of text. */
export function drawField(pen: Pen, node: HostNode, field: Field, look: FieldLook): void {
  const { theme } = pen;
  fillBox(pen, field, { colour: theme.field });
  if (look.hovered && field.slot === undefined) fillBox(pen, field, { colour: withAlpha(theme.text, 0.05) });
  if (field.slot === undefined && !look.editing) {
    if (field.multiline) drawText(pen, node, field);
    else drawRow(pen, node, field, look);
  } else if (field.slot !== undefined) drawWired(pen, field);
  if (look.axis !== undefined && field.slot === undefined) drawAxisMark(pen, field);
  if (look.failed) strokeBox(pen, field, { colour: theme.danger, width: 1.5 });
}

function drawText(pen: Pen, node: HostNode, field: Field): void {
  const { ctx, theme, words } = pen;
  const value = String(fieldValue(node, field.port) ?? '');
  const { widget } = field.port;
  const hint = widget?.kind === 'text' ? (widget.placeholder ?? field.port.label ?? field.port.name) : '';
  const room = field.width - 2 * measures.padding;
  const most = Math.max(1, Math.floor((field.height - 2 * measures.padding + 4) / measures.textLine));
  const lines = words.wrap(value === '' ? hint : value, plain, { room, most });
  ctx.save();
  roundedPath(ctx, field, 4);
  ctx.clip();
  lines.forEach((line, index) => {
    const y = field.y + measures.padding - 1 + (index + 0.5) * measures.textLine;
    write(pen, line, [field.x + measures.padding, y], { font: plain, colour: value === '' ? theme.secondary : theme.text });
  });
  ctx.restore();
}

const middle = ({ y, height }: Field): number => y + height / 2;

function drawLabel(pen: Pen, { x, width, ...field }: Field, most = 0.6): number {
  const label = pen.words.fit(field.port.label ?? field.port.name, plain, width * most);
  write(pen, label, [x + measures.padding, field.y + field.height / 2], { font: plain, colour: pen.theme.secondary });
  return pen.words.width(label, plain);
}

function drawWired(pen: Pen, field: Field): void {
  const used = drawLabel(pen, field);
  const room = field.width - used - 3 * measures.padding;
  const from = pen.words.fit('from the wire', plain, room);
  const at = [field.x + field.width - measures.padding, middle(field)] as const;
  write(pen, from, at, { font: plain, colour: withAlpha(pen.theme.secondary, 0.75), align: 'right' });
}

function drawRow(pen: Pen, node: HostNode, field: Field, look: FieldLook): void {
  const { port } = field;
  const value = fieldValue(node, port);
  if (look.axis === undefined) drawShare(pen, field, shareOf(port, value));
  const used = drawLabel(pen, field);
  const kind = port.widget?.kind;
  if (look.axis !== undefined) drawAxisValues(pen, field, { values: look.axis, used });
  else if (kind === 'toggle') drawSwitch(pen, field, value === true);
  else {
    const right = drawEnd(pen, node, field, look);
    const room = field.width - used - 3 * measures.padding - (field.x + field.width - measures.padding - right);
    const shown = shownValue(port, value);
    const unit = shownUnit(port) === '' ? '' : ` ${shownUnit(port)}`;
    const text = pen.words.fit(kind === 'choice' || kind === 'text' ? shown : shown + unit, plain, Math.max(24, room));
    write(pen, text, [right, middle(field)], { font: plain, colour: pen.theme.text, align: 'right' });
  }
}

/** A field that a sweep varies has a frame, and a bar at its left side. */
function drawAxisMark(pen: Pen, field: Field): void {
  strokeBox(pen, field, { colour: pen.theme.accent, width: 1.5, radius: 4 });
  fillBox(pen, { ...field, width: 4 }, { colour: pen.theme.accent, radius: 2 });
}

function drawAxisValues(pen: Pen, field: Field, { values, used }: { readonly values: string; readonly used: number }): void {
  const room = field.width - used - 4 * measures.padding;
  const right = field.x + field.width - measures.padding;
  const text = pen.words.fit(values, plain, Math.max(24, room));
  write(pen, text, [right, middle(field)], { font: font(fonts.node, 600), colour: pen.theme.text, align: 'right' });
}

/** Draws what stands at the right end and gives back where the value ends. */
function drawEnd(pen: Pen, node: HostNode, field: Field, { upload, hovered }: FieldLook): number {
  const { theme } = pen;
  const kind = field.port.widget?.kind;
  let right = field.x + field.width - measures.padding;
  const y = middle(field);
  if (hasButton(field, upload)) {
    const name = kind === 'seed' ? controlSign[seedControlOf(node)] : 'upload';
    drawSign(pen, name, { x: right - 6, y, colour: hovered ? theme.text : theme.secondary });
    right -= buttonWidth - 4;
  }
  if (kind === 'choice') {
    drawSign(pen, 'chevron', { x: right - 4, y, colour: theme.secondary, size: 15 });
    right -= 15;
  }
  if (kind === 'color') {
    const box = { x: right - 26, y: y - 7, width: 26, height: 14 };
    fillBox(pen, box, { colour: shownValue(field.port, fieldValue(node, field.port)), radius: 3 });
    strokeBox(pen, box, { colour: theme.border, radius: 3 });
    right -= 32;
  }
  return right;
}

function drawShare(pen: Pen, field: Field, share: number | undefined): void {
  if (share === undefined || share === 0) return;
  const { ctx, theme } = pen;
  ctx.save();
  roundedPath(ctx, field, 4);
  ctx.clip();
  ctx.fillStyle = withAlpha(theme.accent, theme.name === 'dark' ? 0.16 : 0.14);
  ctx.fillRect(field.x, field.y, field.width * share, field.height);
  ctx.restore();
}

function drawSwitch(pen: Pen, field: Field, on: boolean): void {
  const { ctx, theme } = pen;
  const box = { x: field.x + field.width - measures.padding - 26, y: middle(field) - 7, width: 26, height: 14 };
  fillBox(pen, box, { colour: on ? theme.accent : theme.border, radius: 7 });
  ctx.beginPath();
  ctx.arc(box.x + (on ? 19 : 7), box.y + 7, 5, 0, 2 * Math.PI);
  ctx.fillStyle = on ? theme.node : theme.secondary;
  ctx.fill();
}
