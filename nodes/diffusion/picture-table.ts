import { GraphError, type Image } from '../kit/index.ts';

/** Pixels between cells and around them, and the grey they have, 0…1. */
const gap = 2;
const grey = 0.72;

/** How many columns and rows a table has. */
export interface TableShape {
  readonly columns: number;
  readonly rows: number;
}

/** A picture of pictures: `[n, h, w, 3]` laid out row by row in equal cells, `[1, H, W, 3]`. Cells without a picture stay grey. */
export function pictureTable(cells: Image, { columns, rows }: TableShape): Image {
  const [count = 0, height = 0, width = 0, channels = 0] = cells.dims;
  if (channels !== 3) throw new GraphError('size-mismatch', `Pictures have 3 channels, got ${channels}.`);
  const [fullHeight, fullWidth] = [rows * (height + 2 * gap), columns * (width + 2 * gap)];
  const data = new Float32Array(fullHeight * fullWidth * 3).fill(grey);
  for (let cell = 0; cell < Math.min(count, columns * rows); cell++) {
    const left = (cell % columns) * (width + 2 * gap) + gap;
    const top = Math.floor(cell / columns) * (height + 2 * gap) + gap;
    for (let y = 0; y < height; y++) {
      const from = (cell * height + y) * width * 3;
      data.set(cells.data.subarray(from, from + width * 3), ((top + y) * fullWidth + left) * 3);
    }
  }
  return { dims: [1, fullHeight, fullWidth, 3], data };
}

/** Lines of a text without empty ones at its ends; an empty text has none. */
export const linesOf = (text: string): readonly string[] => {
  const trimmed = text.replace(/^\s*\n|\s+$/g, '');
  return trimmed === '' ? [] : trimmed.split('\n').map((line) => line.trim());
};

/** Bars of holes above and below a strip of pictures, as on film. */
export function filmEdges(strip: Image): Image {
  const [, height = 0, width = 0] = strip.dims;
  const bar = Math.max(12, Math.round(height / 9));
  const full = height + 2 * bar;
  const data = new Float32Array(full * width * 3).fill(0.1);
  data.set(strip.data, bar * width * 3);
  const [pitch, hole] = [Math.round(1.5 * bar), Math.round(0.55 * bar)];
  for (const top of [Math.round((bar - hole) / 2), height + bar + Math.round((bar - hole) / 2)]) {
    for (let left = Math.round(pitch / 4); left + hole <= width; left += pitch) {
      for (let y = top; y < top + hole; y++) data.fill(0.85, (y * width + left) * 3, (y * width + left + hole) * 3);
    }
  }
  return { dims: [1, full, width, 3], data };
}
