/** How two pictures of one size differ, in 8-bit values. */
export interface PixelDifference {
  readonly largest: number;
  readonly mean: number;
  /** Share of the values that differ, 0 to 1. */
  readonly share: number;
}

/** The difference of two RGBA buffers of the same length; alpha counts too. */
export function pixelDifference(a: Uint8ClampedArray, b: Uint8ClampedArray): PixelDifference {
  let [largest, sum, count] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? 0) - (b[i] ?? 0));
    if (difference === 0) continue;
    count++;
    sum += difference;
    largest = Math.max(largest, difference);
  }
  // Alpha is the same nearly always, and would make the share and the mean look smaller.
  const values = Math.max(1, (a.length / 4) * 3);
  return { largest, mean: sum / values, share: count / values };
}

async function pixelsOf(picture: Blob): Promise<ImageData | undefined> {
  const bitmap = await createImageBitmap(picture, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context?.getImageData(0, 0, canvas.width, canvas.height);
}

/** Compares two pictures by their pixels; undefined if their sizes differ. */
export async function comparePictures(one: Blob, other: Blob): Promise<PixelDifference | undefined> {
  const [a, b] = await Promise.all([pixelsOf(one), pixelsOf(other)]);
  if (a === undefined || b === undefined || a.width !== b.width || a.height !== b.height) return undefined;
  return pixelDifference(a.data, b.data);
}
