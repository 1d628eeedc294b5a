import { type PixelDifference, pixelDifference } from '../../workflows/index.ts';
import { readPixels } from '../engine/images/codec.ts';

/** Compares two picture files value by value; undefined if they are not of one size. */
export async function comparePixels(a: string, b: string): Promise<PixelDifference | undefined> {
  const [one, other] = await Promise.all([readPixels(a), readPixels(b)]);
  if (one.width !== other.width || one.height !== other.height) return undefined;
  return pixelDifference(one.rgb, other.rgb);
}
