import { GraphError } from '../../../nodes/kit/index.ts';
import { fixedSide } from './folder-family.ts';
import type { NetworkOutline } from './network-outline.ts';

/** Which sides a U-Net takes, in latent cells: any multiple of `multiple`, or exactly those that its export fixed. */
export interface LatentSides {
  readonly multiple: number;
  readonly height: number | undefined;
  readonly width: number | undefined;
}

/** A network that enlarges by a fixed 2 each time meets what it had halved only where every halving came out even. */
export const latentSides = (unet: NetworkOutline): LatentSides => ({
  multiple: 2 ** unet.fixedEnlargements,
  height: fixedSide(unet, 'sample', 2),
  width: fixedSide(unet, 'sample', 3),
});

/** The allowed sides next to one: below and above, or the one itself. */
function nearestSides(cells: number, multiple: number, fixed: number | undefined): readonly number[] {
  if (fixed !== undefined) return [fixed];
  const below = Math.floor(cells / multiple) * multiple;
  if (below === cells) return [cells];
  return below === 0 ? [multiple] : [below, below + multiple];
}

/** Throws `size-mismatch` with the nearest sizes, in pixels, where a network does not take latents of these sides. */
export function checkSides({ height, width }: { height: number; width: number }, sides: LatentSides, downscale: number): void {
  const [rows, columns] = [nearestSides(height, sides.multiple, sides.height), nearestSides(width, sides.multiple, sides.width)];
  if (rows.includes(height) && columns.includes(width)) return;
  const pixels = (across: number, down: number): string => `${across * downscale}×${down * downscale}`;
  const choices = [...new Set([pixels(columns[0] ?? 0, rows[0] ?? 0), pixels(columns.at(-1) ?? 0, rows.at(-1) ?? 0)])];
  const why =
    sides.height !== undefined || sides.width !== undefined
      ? 'was exported for one size only'
      : `takes only sides that are multiples of ${sides.multiple * downscale} pixels, as it was exported`;
  throw new GraphError(
    'size-mismatch',
    `This model's U-Net ${why}, and the picture is ${pixels(width, height)}. Choose ${choices.join(' or ')}, or export the model for any size.`,
  );
}
