import {
  type Autoencoder,
  concatBatch,
  GraphError,
  type Image,
  sliceBatch,
  type Tensor,
  type Tiles,
  type VaeFormat,
} from '../../../nodes/kit/index.ts';
import type { Session } from './inference-backend.ts';
import { runTiled } from './tiles.ts';
import { fixedTile } from './vae-sides.ts';

/** The two networks of a VAE, opened on first use. */
export interface AutoencoderParts {
  readonly encoder: () => Promise<Session>;
  readonly decoder: () => Promise<Session>;
}

/** `[1, h, w, c]` 0…1 → `[1, 3, h', w']` −1…1, sides cut around the middle to multiples of `multiple`. */
function toPlanes(image: Image, multiple: number): Tensor {
  const [, height = 0, width = 0, channels = 0] = image.dims;
  const h = height - (height % multiple);
  const w = width - (width % multiple);
  if (h === 0 || w === 0) {
    throw new GraphError(
      'size-mismatch',
      `The picture is ${width}×${height}, too small for this VAE: each side needs at least ${multiple} pixels.`,
    );
  }
  const top = Math.floor((height - h) / 2);
  const left = Math.floor((width - w) / 2);
  const data = new Float32Array(3 * h * w);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const from = ((y + top) * width + x + left) * channels + Math.min(c, channels - 1);
        data[(c * h + y) * w + x] = 2 * (image.data[from] ?? 0) - 1;
      }
    }
  }
  return { dims: [1, 3, h, w], data };
}

/** NaN stays NaN, so that it is found and named later. */
const clamp01 = (value: number): number => Math.min(Math.max(value, 0), 1);

/** `[1, 3, h, w]` −1…1 → `[1, h, w, 3]` 0…1, clamped. */
function toPixels({ dims: [, , height = 0, width = 0], data }: Tensor): Image {
  const pixels = new Float32Array(height * width * 3);
  const plane = height * width;
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < plane; i++) {
      pixels[3 * i + c] = clamp01(((data[c * plane + i] ?? 0) + 1) / 2);
    }
  }
  return { dims: [1, height, width, 3], data: pixels };
}

/** Runs a network with one input and gives its first output. */
async function runSingle(session: Session, feed: Tensor): Promise<Tensor> {
  const name = session.inputs[0]?.name;
  if (name === undefined || session.inputs.length !== 1) {
    throw new GraphError('bad-model', `A VAE network has one input, this one has ${session.inputs.length}. Export it again.`);
  }
  const [output] = (await session.run({ [name]: feed })).values();
  if (output === undefined) throw new GraphError('bad-model', 'The VAE gives no output. Export it again.');
  return output;
}

/** The mean of the encoder's distribution: the first half of `latent_parameters`, or the latents themselves. */
function meanOf({ dims: [, found = 0, height = 0, width = 0], data }: Tensor, channels: number): Tensor {
  if (found !== channels && found !== 2 * channels) {
    throw new GraphError('bad-model', `The VAE encoder gives ${found} channels, expected ${channels} or ${2 * channels}.`);
  }
  return { dims: [1, channels, height, width], data: data.slice(0, channels * height * width) };
}

async function each(batch: Tensor, work: (item: Tensor) => Promise<Tensor>): Promise<Tensor> {
  const results: Tensor[] = [];
  for (let i = 0; i < (batch.dims[0] ?? 0); i++) results.push(await work(sliceBatch(batch, i, 1)));
  return concatBatch(results);
}

const isOutOfMemory = (thrown: unknown): boolean => thrown instanceof GraphError && thrown.code === 'out-of-memory';

/** Sides of tiles in latent cells, tried one after the other; a network that was made for 64 sees what it knows. */
const tileSides = [64, 32];

/** A network that takes one picture or latent; `cells` of the input make one cell of a latent, sides become `scale` times as long. */
interface SideBySide {
  readonly session: Session;
  readonly cells: number;
  readonly scale: number;
  readonly run: (item: Tensor) => Promise<Tensor>;
}

/** Runs an item in tiles of one size; whole if it is not larger than one. */
const tiled = (item: Tensor, { cells, scale, run }: SideBySide, { side, overlap }: Tiles): Promise<Tensor> =>
  side * cells >= Math.max(...item.dims.slice(2))
    ? run(item)
    : runTiled(item, { tiling: { tile: side * cells, overlap: overlap * cells, multiple: cells }, scale }, run);

/** Runs an item whole, or in tiles of these sides in latent cells, each tried if memory did not do for the one before. */
async function inTiles(item: Tensor, network: SideBySide, sides: readonly number[]): Promise<Tensor> {
  const [side = Number.POSITIVE_INFINITY, ...smaller] = sides;
  try {
    return await tiled(item, network, { side, overlap: side / 4 });
  } catch (thrown) {
    if (!isOutOfMemory(thrown) || smaller.length === 0) throw thrown;
    return inTiles(item, network, smaller);
  }
}

/**
 * Runs an item in tiles of the one size that the network takes where its export fixed one; else in those that are asked for; else whole if memory does for it, and in
 * tiles if not.
 */
function wholeOrTiled(item: Tensor, network: SideBySide, tiles: Tiles | undefined): Promise<Tensor> {
  const tile = fixedTile(item, network);
  if (tile !== undefined) return inTiles(item, network, [tile]);
  if (tiles !== undefined) return tiled(item, network, tiles);
  const longest = Math.max(...item.dims.slice(2)) / network.cells;
  return inTiles(item, network, [Number.POSITIVE_INFINITY, ...tileSides.filter((side) => side < longest)]);
}

/** A folder's VAE. Pictures of a batch go through one at a time, so that memory does not grow with the batch, and in tiles where one is too large. */
export function autoencoder(latent: VaeFormat, parts: AutoencoderParts): Autoencoder {
  return {
    latent,
    async encode(image, tiles) {
      const session = await parts.encoder();
      const network = { session, cells: latent.downscale, scale: 1 / latent.downscale, run: (tile: Tensor) => runSingle(session, tile) };
      return each(image, async (item) => meanOf(await wholeOrTiled(toPlanes(item, latent.downscale), network, tiles), latent.channels));
    },
    async decode(samples, tiles) {
      const session = await parts.decoder();
      const network = { session, cells: 1, scale: latent.downscale, run: (tile: Tensor) => runSingle(session, tile) };
      return each(samples, async (item) => toPixels(await wholeOrTiled(item, network, tiles)));
    },
  };
}
