import { type AttentionMap, GraphError, type Image, type PromptToken, sliceBatch, type Tensor } from '../kit/index.ts';
import { heatPixels } from './heat-colours.ts';
import { enlarged } from './latent-pictures.ts';

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

/** How much each cell of the latent looks at a token: the mean over layers and heads, coarse layers spread over the cells they stand for. */
export function attentionTo(maps: readonly AttentionMap[], position: number, { height, width }: CellSize): Float32Array {
  const sum = new Float32Array(height * width);
  for (const { name, downsample, weights } of maps) {
    const [rows, columns] = [Math.ceil(height / downsample), Math.ceil(width / downsample)];
    if (weights.dims[2] !== rows * columns) {
      throw new GraphError(
        'bad-model',
        `The attention “${name}” has ${weights.dims[2]} cells, expected ${rows} × ${columns}. The model’s attention_outputs do not fit its network: export it again.`,
      );
    }
    const layer = headMean(sliceBatch(weights, 0, 1), position);
    for (let cell = 0; cell < sum.length; cell++) {
      const [y, x] = [Math.floor(cell / width / downsample), Math.floor((cell % width) / downsample)];
      sum[cell] = (sum[cell] ?? 0) + (layer[y * columns + x] ?? 0) / maps.length;
    }
  }
  return sum;
}

/** One heat map for each token, dark at its least and bright at its most looked-at cell. `[tokens, h·f, w·f, 3]`. */
export function attentionPictures(
  maps: readonly AttentionMap[],
  tokens: readonly PromptToken[],
  { size, factor }: { size: CellSize; factor: number },
): Image {
  const pictures = tokens.map(({ position }) => {
    const values = attentionTo(maps, position, size);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return heatPixels(values.map((value) => (high > low ? (value - low) / (high - low) : 0)));
  });
  const area = size.height * size.width * 3;
  const data = new Float32Array(tokens.length * area);
  for (const [index, pixels] of pictures.entries()) data.set(pixels, index * area);
  return enlarged({ dims: [tokens.length, size.height, size.width, 3], data }, factor);
}
