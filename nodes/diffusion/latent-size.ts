import { GraphError, type Tensor } from '../kit/index.ts';
import type { Sides } from './image-size.ts';
import { roundHalfEven } from './rounding.ts';

const smallest = 64;
const most = 2048;

/** The size in cells for a picture of so many pixels, at least 64 along a side; a side of 0 keeps the shape of the latent. */
export function latentTarget({ dims: [, , rows = 1, columns = 1] }: Tensor, wanted: Sides): Sides {
  const given = { width: Math.max(smallest, wanted.width), height: Math.max(smallest, wanted.height) };
  // The other side is worked out from the ratio of cells, which is that of pixels.
  const width = wanted.width === 0 ? Math.max(smallest, roundHalfEven((columns * given.height) / rows)) : given.width;
  const height = wanted.height === 0 ? Math.max(smallest, roundHalfEven((rows * given.width) / columns)) : given.height;
  return allowed({ width: Math.floor(width / 8), height: Math.floor(height / 8) });
}

/** The size in cells that is `factor` times a latent's. Throws `size-mismatch` for none or too many. */
export const scaledCells = ({ dims: [, , rows = 1, columns = 1] }: Tensor, factor: number): Sides =>
  allowed({ width: roundHalfEven(columns * factor), height: roundHalfEven(rows * factor) });

function allowed(sides: Sides): Sides {
  if (sides.width >= 1 && sides.height >= 1 && sides.width <= most && sides.height <= most) return sides;
  throw new GraphError(
    'size-mismatch',
    `The latent would have ${sides.width} × ${sides.height} cells. Each side must be from 1 to ${most} cells of 8 pixels.`,
  );
}
