import { readPixels } from '../engine/images/codec.ts';

/** How two pictures differ, in steps of 8-bit values, 0…255. */
export interface PixelDifference {
  readonly largest: number;
  readonly mean: number;
  /** Share of the values that differ, 0…1. */
  readonly share: number;
}

/** Compares two picture files value by value; undefined if they are not of one size. */
export async function comparePixels(a: string, b: string): Promise<PixelDifference | undefined> {
  const [one, other] = await Promise.all([readPixels(a), readPixels(b)]);
  if (one.width !== other.width || one.height !== other.height) return undefined;
  let [largest, sum, count] = [0, 0, 0];
  for (let i = 0; i < one.rgb.length; i++) {
    const difference = Math.abs((one.rgb[i] ?? 0) - (other.rgb[i] ?? 0));
    if (difference === 0) continue;
    largest = Math.max(largest, difference);
    sum += difference;
    count++;
  }
  return { largest, mean: sum / one.rgb.length, share: count / one.rgb.length };
}
