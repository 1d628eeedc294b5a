import { type AttentionMap, GraphError, type Image, type PromptToken, sliceBatch, type Tensor } from '../kit/index.ts';
import { heatPixels } from './heat-colours.ts';
import { momentsOf } from './statistics.ts';

/** Height and width in cells. */
export interface CellSize {
  readonly height: number;
  readonly width: number;
}

/** The mean over the heads of one layer for one token: h·w shares of attention. `weights` is `[1, heads, h·w, tokens]`. */
function headMean({ dims: [, heads = 0, cells = 0, tokens = 0], data }: Tensor, position: number): Float32Array {
  const mean = new Float32Array(cells);
  for (let head = 0; head < heads; head++) {
    for (let cell = 0; cell < cells; cell++)
      mean[cell] = (mean[cell] ?? 0) + (data[(head * cells + cell) * tokens + position] ?? 0) / heads;
  }
  return mean;
}

/**
 * How much each pixel looks at a token, `factor`² pixels to a cell of the latent: the mean over layers and heads; the cells of coarse
 * layers are spread smoothly over the pixels they stand for. Throws `bad-model` if a layer has another number of cells than it should.
 */
export function attentionTo(
  maps: readonly AttentionMap[],
  position: number,
  { size: { height, width }, factor }: { size: CellSize; factor: number },
): Float32Array {
  const sum = new Float32Array(height * width * factor * factor);
  for (const { name, downsample, weights } of maps) {
    const grid = { height: Math.ceil(height / downsample), width: Math.ceil(width / downsample) };
    if (weights.dims[2] !== grid.height * grid.width) {
      throw new GraphError(
        'bad-model',
        `The attention “${name}” has ${weights.dims[2]} cells, expected ${grid.height} × ${grid.width}. The model’s attention_outputs do not fit its network: export it again.`,
      );
    }
    const pixels = smoothed(headMean(sliceBatch(weights, 0, 1), position), grid, downsample * factor);
    const stride = grid.width * downsample * factor;
    for (let i = 0; i < sum.length; i++) {
      const [y, x] = [Math.floor(i / (width * factor)), i % (width * factor)];
      sum[i] = (sum[i] ?? 0) + (pixels[y * stride + x] ?? 0) / maps.length;
    }
  }
  return sum;
}

/** Values of cells spread over `factor`² pixels each, on straight lines between the middles of cells. */
function smoothed(values: Float32Array, { height, width }: CellSize, factor: number): Float32Array {
  const [rows, columns] = [height * factor, width * factor];
  const result = new Float32Array(rows * columns);
  const place = (pixel: number, cells: number): { low: number; high: number; share: number } => {
    const at = Math.min(Math.max((pixel + 0.5) / factor - 0.5, 0), cells - 1);
    return { low: Math.floor(at), high: Math.min(Math.floor(at) + 1, cells - 1), share: at - Math.floor(at) };
  };
  for (let row = 0; row < rows; row++) {
    const y = place(row, height);
    for (let column = 0; column < columns; column++) {
      const x = place(column, width);
      const line = (cell: number): number =>
        (1 - x.share) * (values[cell * width + x.low] ?? 0) + x.share * (values[cell * width + x.high] ?? 0);
      result[row * columns + column] = (1 - y.share) * line(y.low) + y.share * line(y.high);
    }
  }
  return result;
}

/** One heat map for each token, dark at its least and bright at its most looked-at cell. `[tokens, h·f, w·f, 3]`. */
export function attentionPictures(
  maps: readonly AttentionMap[],
  tokens: readonly PromptToken[],
  { size, factor }: { size: CellSize; factor: number },
): Image {
  const pictures = tokens.map(({ position }) => {
    const values = attentionTo(maps, position, { size, factor });
    const { min, max } = momentsOf(values);
    return heatPixels(values.map((value) => (max > min ? (value - min) / (max - min) : 0)));
  });
  const area = size.height * size.width * factor * factor * 3;
  const data = new Float32Array(tokens.length * area);
  for (const [index, pixels] of pictures.entries()) data.set(pixels, index * area);
  return { dims: [tokens.length, size.height * factor, size.width * factor, 3], data };
}
