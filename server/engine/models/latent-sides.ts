import { GraphError, type SizeRule } from '../../../nodes/kit/index.ts';
import { nearestSides } from '../../../workflows/index.ts';
import { fixedSide } from './folder-family.ts';
import type { NetworkOutline } from './network-outline.ts';

/** A network that enlarges by a fixed 2 each time meets what it had halved only where every halving came out even. */
export function latentSides(unet: NetworkOutline): SizeRule {
  const [height, width] = [2, 3].map((axis) => fixedSide(unet, 'sample', axis));
  return {
    multiple: 2 ** unet.fixedEnlargements,
    ...(height === undefined ? {} : { height }),
    ...(width === undefined ? {} : { width }),
  };
}

/** Throws `size-mismatch` with the nearest sizes, in pixels, where a network does not take latents of these sides. */
export function checkSides({ height, width }: { height: number; width: number }, sides: SizeRule, downscale: number): void {
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
