import { font, leastText, measures } from '../measures.ts';
import type { Box } from '../node-layout.ts';
import { fillBox, type Pen, write } from './pen.ts';

/** Size of titles on the screen when a node is too small for its fields, in CSS px. */
const onScreen = 12;

/** Writes a note's text, as large as it must be to be read, as much as fits; for notes that are seen from far away. */
export function drawFarNote(pen: Pen, text: string, box: Box): void {
  const size = leastText / pen.scale;
  const letters = font(size);
  const line = size * 1.3;
  const most = Math.max(1, Math.floor((box.height - size) / line));
  pen.words.wrap(text, letters, { room: box.width - size, most }).forEach((part, index) => {
    write(pen, part, [box.x + size / 2, box.y + size / 2 + (index + 0.5) * line], { font: letters, colour: pen.theme.text });
  });
}

/** Writes the title where it always stands if it can be read there. True if so. */
function inHeader(pen: Pen, title: string, width: number): boolean {
  const room = width - 16;
  const size = (onScreen / pen.scale) * Math.min(1, room / pen.words.width(title, font(onScreen / pen.scale, 600)));
  if (size * pen.scale < leastText || measures.header * pen.scale < onScreen + 2) return false;
  write(pen, title, [8, -measures.header / 2], { font: font(size, 600), colour: pen.theme.text });
  return true;
}

/** Writes the title large, for nodes that are seen from far away: in the middle, or on a band of a colour along the upper edge. */
export function drawSmallTitle(pen: Pen, words: string, { box, band }: { readonly box: Box; readonly band: string | undefined }): void {
  if (inHeader(pen, words, box.width)) return;
  const large = onScreen / pen.scale;
  const room = box.width - large / 2;
  if (room < 2.5 * large) return;
  const longest = Math.max(...words.split(/\s/).map((word) => pen.words.width(word, font(large, 600))));
  // A long word is written smaller, and then shortened, rather than broken.
  const size = Math.max(leastText / pen.scale, large * Math.min(1, room / longest));
  const letters = font(size, 600);
  const line = size * 1.25;
  const most = Math.max(1, Math.min(3, Math.floor((box.height - 4 / pen.scale) / line)));
  const title = words
    .split(/\s/)
    .map((word) => pen.words.fit(word, letters, room))
    .join(' ');
  const lines = pen.words.wrap(title, letters, { room, most: band === undefined ? most : 1 });
  const height = lines.length * line;
  const middle = band === undefined ? box.y + box.height / 2 : box.y + height / 2 + size * 0.3;
  if (band !== undefined) fillBox(pen, { ...box, height: height + size * 0.6 }, { colour: band, radius: [6, 6, 0, 0] });
  lines.forEach((text, index) => {
    const y = middle - height / 2 + (index + 0.5) * line;
    write(pen, text, [box.x + box.width / 2, y], { font: letters, colour: pen.theme.text, align: 'center' });
  });
}
