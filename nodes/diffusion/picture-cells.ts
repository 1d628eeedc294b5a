import { concatBatch, GraphError, type Image, type ImageStore, sliceBatch } from '../kit/index.ts';

/** Most pictures of one table. */
const mostCells = 400;

const sidesOf = ({ dims: [, height = 0, width = 0] }: Image): { width: number; height: number } => ({ width, height });

/** Pictures of any size brought to the size of the largest, smaller ones with their pixels kept hard. `[n, h, w, 3]`. */
export async function equalSizes(pictures: readonly Image[], images: ImageStore): Promise<readonly Image[]> {
  const width = Math.max(...pictures.map((picture) => sidesOf(picture).width));
  const height = Math.max(...pictures.map((picture) => sidesOf(picture).height));
  return Promise.all(
    pictures.map(async (picture) => {
      const own = sidesOf(picture);
      if (own.width === width && own.height === height) return picture;
      return images.resize(picture, { width, height, method: 'nearest-exact' });
    }),
  );
}

/** Rows of pictures as one batch with `columns` a row; short rows are filled with grey. Throws `too-large`. */
export function cellsOf(rows: readonly Image[], columns: number): Image {
  if (columns * rows.length > mostCells) {
    throw new GraphError('too-large', `The table would have ${columns} × ${rows.length} pictures, more than ${mostCells}. Wire fewer.`);
  }
  return concatBatch(rows.map((row) => padded(row, columns)));
}

function padded(row: Image, columns: number): Image {
  const [count = 0, height = 0, width = 0, channels = 0] = row.dims;
  if (count >= columns) return sliceBatch(row, 0, columns);
  const rest = {
    dims: [columns - count, height, width, channels],
    data: new Float32Array((columns - count) * height * width * channels).fill(0.72),
  };
  return concatBatch([row, rest]);
}

/** Items of a batch chosen by index. */
export const chosen = (batch: Image, indices: readonly number[]): Image => concatBatch(indices.map((index) => sliceBatch(batch, index, 1)));
