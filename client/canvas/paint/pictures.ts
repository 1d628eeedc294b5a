import { font, fonts, isLegible } from '../measures.ts';
import type { Box } from '../node-layout.ts';
import { fillBox, type Pen, roundedPath, write } from './pen.ts';

/** Something that can be drawn, with its size in pixels. */
export type Drawable = ImageBitmap | HTMLImageElement | HTMLCanvasElement;

/** The largest box of the same shape as the picture, in the middle of a box. */
export function containedIn(box: Box, width: number, height: number): Box {
  const factor = Math.min(box.width / width, box.height / height);
  const [w, h] = [width * factor, height * factor];
  return { x: box.x + (box.width - w) / 2, y: box.y + (box.height - h) / 2, width: w, height: h };
}

/** Boxes of pictures that share a place: as many columns as make them largest. */
export function gridOf(box: Box, count: number, gap = 4): readonly Box[] {
  const columns = [...Array(count).keys()].map((index) => index + 1);
  const sideFor = (across: number): number => Math.min(box.width / across, box.height / Math.ceil(count / across));
  const best = columns.reduce((found, across) => (sideFor(across) > sideFor(found) ? across : found), 1);
  const rows = Math.ceil(count / best);
  const width = (box.width - gap * (best - 1)) / best;
  const height = (box.height - gap * (rows - 1)) / rows;
  return [...Array(count).keys()].map((index) => ({
    x: box.x + (index % best) * (width + gap),
    y: box.y + Math.floor(index / best) * (height + gap),
    width,
    height,
  }));
}

/** Draws pictures side by side, each with its own shape; `faded` ones are of an earlier run. */
export function drawPictures(
  pen: Pen,
  pictures: readonly Drawable[],
  { box, faded }: { readonly box: Box; readonly faded: boolean },
): void {
  const { ctx, scale } = pen;
  const places = gridOf(box, pictures.length);
  pictures.forEach((picture, index) => {
    const place = containedIn(places[index] ?? box, picture.width, picture.height);
    ctx.save();
    roundedPath(ctx, place, 4);
    ctx.clip();
    if (faded) ctx.globalAlpha *= 0.45;
    // Enlarged pixels of small pictures stay soft; shrunk ones are averaged.
    ctx.imageSmoothingEnabled = true;
    ctx.imageSmoothingQuality = picture.width > place.width * scale ? 'high' : 'medium';
    ctx.drawImage(picture, place.x, place.y, place.width, place.height);
    ctx.restore();
  });
}

/** Writes the size of a picture over its lower left corner. */
export function drawSize(pen: Pen, { width, height }: { readonly width: number; readonly height: number }, box: Box): void {
  if (!isLegible(fonts.small, pen.scale)) return;
  const text = `${width} × ${height}`;
  const letters = font(fonts.small);
  const tag = { x: box.x + 6, y: box.y + box.height - 24, width: pen.words.width(text, letters) + 12, height: 18 };
  fillBox(pen, tag, { colour: 'rgba(21, 23, 28, 0.78)' });
  write(pen, text, [tag.x + 6, tag.y + 9], { font: letters, colour: '#e6e8ec' });
}
