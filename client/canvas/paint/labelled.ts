import type { TableLabels } from '../../../nodes/kit/index.ts';
import { font, fonts, isLegible, leastText } from '../measures.ts';
import type { Box } from '../node-layout.ts';
import { fillBox, type Pen, write } from './pen.ts';
import { containedIn, type Drawable, drawPictures } from './pictures.ts';

/** Words grow when the graph is seen from far, up to this size, so that they can still be read. */
const largest = 34;
/** Height of a line and width of a letter, about, as shares of the font's size; the share of the box that words beside rows may take. */
const line = 1.5;
const letter = 0.64;
const most = 0.34;

/** The size of words beside a picture, in graph units. */
const sizeAt = (scale: number): number => Math.min(Math.max(fonts.small, leastText / scale), largest);

/** What is left of a box for a picture when its labels have their room. */
function roomBeside(box: Box, { columns, rows }: TableLabels, size: number): Box {
  const longest = rows.reduce((length, { length: own }) => Math.max(length, own), 0);
  const left = rows.length === 0 ? 0 : Math.min(longest * letter * size + 8, box.width * most);
  const top = columns.length === 0 ? 0 : line * size;
  return { x: box.x + left, y: box.y + top, width: box.width - left, height: box.height - top };
}

/** Draws one picture that is a table of equal cells, with words above its columns and left of its rows. */
export function drawLabelled(
  pen: Pen,
  picture: Drawable,
  { box, labels, faded }: { readonly box: Box; readonly labels: TableLabels; readonly faded: boolean },
): void {
  const size = sizeAt(pen.scale);
  const room = roomBeside(box, labels, size);
  const place = containedIn(room, picture.width, picture.height);
  drawPictures(pen, [picture], { box: room, faded });
  if (!isLegible(size, pen.scale)) return;
  const { theme, words } = pen;
  const letters = font(size);
  const writing = { font: letters, colour: faded ? theme.secondary : theme.text };
  const width = place.width / Math.max(1, labels.columns.length);
  labels.columns.forEach((text, index) => {
    const shown = words.fit(text, letters, width - 4);
    write(pen, shown, [place.x + (index + 0.5) * width, place.y - (line * size) / 2], { ...writing, align: 'center' });
  });
  const height = place.height / Math.max(1, labels.rows.length);
  labels.rows.forEach((text, index) => {
    const shown = words.wrap(text, letters, { room: room.x - box.x - 6, most: Math.max(1, Math.floor(height / (1.2 * size))) });
    shown.forEach((part, row) => {
      const y = place.y + (index + 0.5) * height + (row - (shown.length - 1) / 2) * 1.2 * size;
      write(pen, part, [place.x - 6, y], { ...writing, align: 'right' });
    });
  });
}

/** Draws two pictures over each other, parted at `share` of the box's width, with their names in the corners. */
export function drawCompared(
  pen: Pen,
  [left, right]: readonly [Drawable, Drawable],
  { box, names, share, faded }: { readonly box: Box; readonly names: readonly string[]; readonly share: number; readonly faded: boolean },
): void {
  const { ctx, theme } = pen;
  const place = containedIn(box, left.width, left.height);
  const edge = Math.min(Math.max(box.x + share * box.width, place.x), place.x + place.width);
  drawPictures(pen, [left], { box: place, faded });
  ctx.save();
  ctx.beginPath();
  ctx.rect(edge, place.y, place.x + place.width - edge, place.height);
  ctx.clip();
  drawPictures(pen, [right], { box: place, faded });
  ctx.restore();
  ctx.fillStyle = theme.accent;
  ctx.fillRect(edge - 0.75, place.y, 1.5, place.height);
  if (!isLegible(fonts.small, pen.scale)) return;
  const small = font(fonts.small);
  names.slice(0, 2).forEach((name, index) => {
    const width = pen.words.width(name, small) + 12;
    const tag = { x: index === 0 ? place.x + 6 : place.x + place.width - width - 6, y: place.y + 6, width, height: 18 };
    fillBox(pen, tag, { colour: 'rgba(21, 23, 28, 0.78)' });
    write(pen, name, [tag.x + 6, tag.y + 9], { font: small, colour: '#e6e8ec' });
  });
}
