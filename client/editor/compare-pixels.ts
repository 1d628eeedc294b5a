import { type PixelDifference, pixelDifference } from '../../workflows/index.ts';

async function pixelsOf(picture: Blob): Promise<ImageData | undefined> {
  const bitmap = await createImageBitmap(picture, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return context?.getImageData(0, 0, canvas.width, canvas.height);
}

/** Compares two pictures by their pixels, alpha too; undefined if their sizes differ. */
export async function comparePictures(one: Blob, other: Blob): Promise<PixelDifference | undefined> {
  const [a, b] = await Promise.all([pixelsOf(one), pixelsOf(other)]);
  if (a === undefined || b === undefined || a.width !== b.width || a.height !== b.height) return undefined;
  // Alpha is the same nearly always, and would make the share and the mean look smaller.
  return pixelDifference(a.data, b.data, a.width * a.height * 3);
}
