import { GraphError, type Tensor } from '../../../nodes/kit/index.ts';
import type { Session } from './inference-backend.ts';

/** One network of a VAE: `cells` of its input make one cell of a latent along a side, its output is `scale` times as long. */
export interface VaeSides {
  readonly session: Session;
  readonly cells: number;
  readonly scale: number;
}

const fixed = (side: number | string | undefined): number | undefined => (typeof side === 'number' && side > 0 ? side : undefined);

/**
 * The side of the tiles, in latent cells, for a network that was exported for one square size and an item that is larger; undefined where the item
 * can go through whole. Throws `size-mismatch` with the size it takes where tiles cannot do it.
 */
export function fixedTile({ dims }: Tensor, { session, cells, scale }: VaeSides): number | undefined {
  const [, , rows, columns] = session.inputs[0]?.shape ?? [];
  const [, , height = 0, width = 0] = dims;
  const [down, across] = [fixed(rows) ?? height, fixed(columns) ?? width];
  if (down === height && across === width) return undefined;
  if (down === across && height >= down && width >= across) return down / cells;
  // A decoder's input is a latent; pictures are counted in pixels on both sides.
  const pixels = Math.max(1, scale);
  throw new GraphError(
    'size-mismatch',
    `This model's VAE was exported for pictures of ${across * pixels}×${down * pixels}, and this one is ${width * pixels}×${height * pixels}. Choose that size, or export the VAE for any size.`,
  );
}
