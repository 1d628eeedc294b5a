import { GraphError, type Mask, type Tensor } from '../kit/index.ts';
import { repeatTo } from './planes.ts';
import { resamplePlanes } from './resample.ts';

/** Where a source is put, in cells from the left and from the top, and how much it covers, `[n, h, w]` in its own cells; all without. */
export interface Placed {
  readonly x: number;
  readonly y: number;
  readonly cover?: Mask;
}

/** Throws `size-mismatch` unless both have as many channels. */
export function requireChannels(a: Tensor, b: Tensor): void {
  if (a.dims[1] === b.dims[1]) return;
  throw new GraphError(
    'size-mismatch',
    `The first has ${a.dims[1]} channels and the second ${b.dims[1]}: they belong to models of different kinds. Make both with the same model's VAE.`,
  );
}

/** `source` over `destination`, planes `[b, c, h, w]`; what lies outside is left out, and a source of another batch is repeated or cut. */
export function pasted(destination: Tensor, source: Tensor, { x, y, cover }: Placed): Tensor {
  requireChannels(destination, source);
  const [batch = 0, channels = 0, height = 0, width = 0] = destination.dims;
  const over = repeatTo(source, batch);
  const [, , rows = 0, columns = 0] = over.dims;
  const [shownRows, shownColumns] = [Math.min(rows, height - y), Math.min(columns, width - x)];
  const covers = cover?.dims[0] ?? 1;
  const data = Float32Array.from(destination.data);
  for (let p = 0; p < batch * channels; p++) {
    const mask = (Math.floor(p / channels) % covers) * rows * columns;
    for (let row = 0; row < shownRows; row++) {
      for (let column = 0; column < shownColumns; column++) {
        const to = (p * height + y + row) * width + x + column;
        const from = row * columns + column;
        const share = cover === undefined ? 1 : (cover.data[mask + from] ?? 0);
        data[to] = share * (over.data[p * rows * columns + from] ?? 0) + (1 - share) * (data[to] ?? 0);
      }
    }
  }
  return { dims: destination.dims, data };
}

/** How two pictures or latents are laid over each other under a mask. `x` and `y` in cells. */
export interface MaskedPaste {
  readonly x: number;
  readonly y: number;
  /** Brings the source to the size of the destination first. */
  readonly resize: boolean;
  readonly mask: Mask | undefined;
}

/** {@link pasted} with a mask of any size, 1 where the source is seen. */
export function pastedUnder(destination: Tensor, source: Tensor, { x, y, resize, mask }: MaskedPaste): Tensor {
  const [, , height = 0, width = 0] = destination.dims;
  const over = resize ? resamplePlanes(source, { width, height, method: 'bilinear' }) : source;
  const [, , rows = 0, columns = 0] = over.dims;
  const cover = mask && resamplePlanes(mask, { width: columns, height: rows, method: 'bilinear' });
  return pasted(destination, over, { x, y, ...(cover && { cover }) });
}

/** A cover `[1, h, w]` for a source at a place, that fades in over `feather` cells from each edge that lies inside of the destination. */
export function featheredCover(destination: Tensor, source: Tensor, { x, y, feather }: { x: number; y: number; feather: number }): Mask {
  const [, , height = 0, width = 0] = destination.dims;
  const [, , rows = 0, columns = 0] = source.dims;
  const [shownRows, shownColumns] = [Math.min(rows, height - y), Math.min(columns, width - x)];
  const fade = (index: number, shown: number, inner: { before: boolean; after: boolean }): number => {
    const before = inner.before && index < feather ? (index + 1) / feather : 1;
    const after = inner.after && shown - 1 - index < feather ? (shown - index) / feather : 1;
    return before * after;
  };
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < shownRows; row++) {
    const down = fade(row, shownRows, { before: y !== 0, after: y + shownRows < height });
    for (let column = 0; column < shownColumns; column++) {
      const across = fade(column, shownColumns, { before: x !== 0, after: x + shownColumns < width });
      data[row * columns + column] = down * across;
    }
  }
  return { dims: [1, rows, columns], data };
}
