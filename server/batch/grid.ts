import { join } from 'node:path';
import type { Axis } from '../../workflows/index.ts';
import { type Collage, encodeCollage, sizeOfImage } from '../engine/images/codec.ts';
import { writeWhole } from '../files/write-whole.ts';

/** A cell of a sweep: its place is that of its row, counted from 1; without a file it failed or is missing. */
export interface GridCell {
  readonly row: number;
  readonly file?: string | undefined;
}

/** What a grid is made of; files are below `folder`. */
export interface GridJob {
  readonly folder: string;
  readonly axes: readonly Axis[];
  readonly cells: readonly GridCell[];
}

/** Name of the grid in a sweep's folder. */
export const gridName = 'grid.png';

/** No side of a grid is longer, in pixels; cells become smaller instead. */
const longestSide = 6000;
const gap = 4;

/** The last part of `node.field`, where no other axis has the same. */
function titleOf({ field }: Axis, axes: readonly Axis[]): string {
  const short = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
  return axes.filter((axis) => short(axis.field) === short(field)).length > 1 ? field : short(field);
}

const quoted = (text: string): string => text.replace(/[\p{Cc}]+/gu, ' ').replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Width of a letter in em; the widest usual fonts need so much. */
const letter = { plain: 0.64, strong: 0.72 } as const;

/** A text cut to what fits into a width of so many em. */
function fitting(text: string, width: number, em: number): string {
  const most = Math.max(1, Math.floor(width / em));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

interface Layout {
  readonly cell: { readonly width: number; readonly height: number };
  readonly columns: number;
  readonly rows: number;
  readonly blocks: number;
  readonly font: number;
  /** Room for the words beside the rows and above each block. */
  readonly side: number;
  readonly head: number;
  readonly blockHeight: number;
}

function layOut(axes: readonly Axis[], picture: { width: number; height: number }): Layout {
  const [columns = 1, rows = 1, blocks = 1] = axes.map(({ values }) => values.length);
  const scale = Math.min(1, longestSide / (columns * (picture.width + gap)), longestSide / (rows * blocks * (picture.height + gap)));
  const cell = { width: Math.max(16, Math.floor(picture.width * scale)), height: Math.max(16, Math.floor(picture.height * scale)) };
  const font = Math.round(Math.min(28, Math.max(12, cell.width / 9)));
  const [, second] = axes;
  const title = second === undefined ? 0 : titleOf(second, axes).length * letter.strong;
  const longest = Math.max(title, ...(second?.values.map((value) => value.length * letter.plain) ?? []));
  const side = second === undefined ? gap : Math.round(Math.min(longest * font, 1.5 * cell.width) + 1.5 * font);
  const head = Math.round(font * (axes.length > 2 ? 5 : 3.4));
  return { cell, columns, rows, blocks, font, side, head, blockHeight: head + rows * (cell.height + gap) };
}

function placeOf(row: number, { cell, columns, rows, side, head, blockHeight }: Layout): { left: number; top: number } {
  const index = row - 1;
  const block = Math.floor(index / (columns * rows));
  return {
    left: side + (index % columns) * (cell.width + gap),
    top: block * blockHeight + head + (Math.floor(index / columns) % rows) * (cell.height + gap),
  };
}

type Anchor = 'start' | 'middle' | 'end';

function words(axes: readonly Axis[], layout: Layout): string {
  const { cell, columns, rows, blocks, font, side, head, blockHeight } = layout;
  const parts: string[] = [];
  const write = (text: string, at: { x: number; y: number; anchor: Anchor; width: number; strong?: boolean }): void => {
    const weight = at.strong ? 'font-weight="600" fill="#111"' : 'fill="#333"';
    const shown = fitting(text, at.width, font * (at.strong ? letter.strong : letter.plain));
    parts.push(`<text x="${at.x}" y="${at.y}" text-anchor="${at.anchor}" ${weight}>${quoted(shown)}</text>`);
  };
  const [across, down, deep] = axes;
  for (let block = 0; block < blocks; block++) {
    const top = block * blockHeight;
    const full = columns * (cell.width + gap);
    if (deep !== undefined) {
      const label = `${titleOf(deep, axes)} ${deep.values[block] ?? ''}`;
      write(label, { x: side, y: top + 1.5 * font, anchor: 'start', width: full, strong: true });
    }
    if (across !== undefined) {
      write(titleOf(across, axes), { x: side + full / 2, y: top + head - 2 * font, anchor: 'middle', width: full, strong: true });
      across.values.forEach((value, i) => {
        write(value, {
          x: side + i * (cell.width + gap) + cell.width / 2,
          y: top + head - 0.5 * font,
          anchor: 'middle',
          width: cell.width,
        });
      });
    }
    if (down === undefined) continue;
    const beside = { x: side - 0.6 * font, anchor: 'end', width: side - 0.8 * font } as const;
    write(titleOf(down, axes), { ...beside, y: top + head - 0.5 * font, strong: true });
    for (let row = 0; row < rows; row++) {
      write(down.values[row] ?? '', { ...beside, y: top + head + row * (cell.height + gap) + cell.height / 2 + 0.35 * font });
    }
  }
  return parts.join('');
}

/** Boxes for the cells that have no picture. */
function holes(cells: readonly GridCell[], layout: Layout): string {
  const { cell, font } = layout;
  return cells
    .filter(({ file }) => file === undefined)
    .map(({ row }) => {
      const { left, top } = placeOf(row, layout);
      const box = `<rect x="${left}" y="${top}" width="${cell.width}" height="${cell.height}" fill="#e4e4e4"/>`;
      return `${box}<text x="${left + cell.width / 2}" y="${top + cell.height / 2 + 0.35 * font}" text-anchor="middle" fill="#777">none</text>`;
    })
    .join('');
}

/** Where everything of a grid goes. */
export function collageOf({ axes, cells, folder }: GridJob, picture: { width: number; height: number }): Collage {
  const layout = layOut(axes, picture);
  const width = layout.side + layout.columns * (layout.cell.width + gap);
  const height = layout.blocks * layout.blockHeight;
  const style = `font-family="DejaVu Sans, Liberation Sans, Arial, Helvetica, sans-serif" font-size="${layout.font}"`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g ${style}>${holes(cells, layout)}${words(axes, layout)}</g></svg>`;
  const placed = cells.flatMap(({ row, file }) =>
    file === undefined ? [] : [{ file: join(folder, file), ...placeOf(row, layout), ...layout.cell }],
  );
  return { width, height, cells: placed, svg };
}

/** Draws the grid of a sweep into its folder: the first axis across, the second down, the third as tables below each other. False if no cell has a picture. */
export async function writeGrid(job: GridJob): Promise<boolean> {
  const first = job.cells.find(({ file }) => file !== undefined)?.file;
  if (first === undefined) return false;
  const collage = collageOf(job, await sizeOfImage(join(job.folder, first)));
  await writeWhole(join(job.folder, gridName), await encodeCollage(collage));
  return true;
}
