import { concatBatch, type Image, sizeOf, sliceBatch, type Tensor } from '../kit/index.ts';

/** Pictures `[b, h, w, c]` → planes `[b, c, h, w]`. */
export function toPlanes({ dims, data }: Image): Tensor {
  const [batch = 0, height = 0, width = 0, channels = 0] = dims;
  const area = height * width;
  const planes = new Float32Array(data.length);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++) planes[(b * channels + c) * area + i] = data[(b * area + i) * channels + c] ?? 0;
    }
  }
  return { dims: [batch, channels, height, width], data: planes };
}

/** Planes `[b, c, h, w]` → pictures `[b, h, w, c]`. */
export function toPixels({ dims, data }: Tensor): Image {
  const [batch = 0, channels = 0, height = 0, width = 0] = dims;
  const area = height * width;
  const pixels = new Float32Array(data.length);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++) pixels[(b * area + i) * channels + c] = data[(b * channels + c) * area + i] ?? 0;
    }
  }
  return { dims: [batch, height, width, channels], data: pixels };
}

/** A batch of another length: items beyond it are left out, missing ones begin again with the first. */
export function repeatTo(x: Tensor, batch: number): Tensor {
  const own = x.dims[0] ?? 0;
  if (own === batch || own === 0) return x;
  return concatBatch(Array.from({ length: batch }, (_, i) => sliceBatch(x, i % own, 1)));
}

/** Moves the cells of each plane `[…, h, w]`: `source` says for a place of the result where its value comes from. */
function moved(x: Tensor, [height, width]: readonly [number, number], source: (row: number, column: number) => number): Tensor {
  const [rows = 0, columns = 0] = x.dims.slice(-2);
  const dims = [...x.dims.slice(0, -2), height, width];
  const data = new Float32Array(sizeOf(dims));
  const area = rows * columns;
  for (let i = 0; i < data.length; i++) {
    const at = i % area;
    data[i] = x.data[i - at + source(Math.floor(at / width), at % width)] ?? 0;
  }
  return { dims, data };
}

/** Planes `[…, h, w]` mirrored: `rows` turns them upside down, `columns` left to right. */
export function mirrored(x: Tensor, axis: 'rows' | 'columns'): Tensor {
  const [rows = 0, columns = 0] = x.dims.slice(-2);
  if (axis === 'rows') return moved(x, [rows, columns], (row, column) => (rows - 1 - row) * columns + column);
  return moved(x, [rows, columns], (row, column) => row * columns + columns - 1 - column);
}

/** Planes `[…, h, w]` turned clockwise by so many quarters. */
export function turned(x: Tensor, quarters: 0 | 1 | 2 | 3): Tensor {
  const [rows = 0, columns = 0] = x.dims.slice(-2);
  if (quarters === 0) return x;
  if (quarters === 2) return mirrored(mirrored(x, 'rows'), 'columns');
  if (quarters === 1) return moved(x, [columns, rows], (row, column) => (rows - 1 - column) * columns + row);
  return moved(x, [columns, rows], (row, column) => column * columns + columns - 1 - row);
}
