import type { Image, Mask } from '../kit/index.ts';
import { cutPixels } from './image-size.ts';
import { cutRegion } from './latent-regions.ts';
import { resamplePlanes } from './resample.ts';
import { roundHalfEven } from './rounding.ts';

/** A picture and its mask of the same size. */
export interface MaskedPicture {
  readonly pixels: Image;
  readonly mask: Mask;
}

/** The mask brought to the size of the picture, and of both the middle part whose sides are multiples of `cell` pixels. */
export function fittedToCells(pixels: Image, mask: Mask, cell: number): MaskedPicture {
  const [, height = 0, width = 0] = pixels.dims;
  const sized = resamplePlanes(mask, { width, height, method: 'bilinear' });
  const [extraX, extraY] = [width % cell, height % cell];
  if (extraX === 0 && extraY === 0) return { pixels, mask: sized };
  const part = { x: Math.floor(extraX / 2), y: Math.floor(extraY / 2), width: width - extraX, height: height - extraY };
  return { pixels: cutPixels(pixels, part), mask: cutRegion(sized, part) };
}

/** The picture with grey where the rounded mask is 1. */
export function greyedOut({ pixels, mask }: MaskedPicture): Image {
  const [, height = 0, width = 0, channels = 0] = pixels.dims;
  const area = height * width;
  const masks = mask.dims[0] ?? 1;
  const data = pixels.data.map((value, i) => {
    const pixel = Math.floor(i / channels);
    const item = Math.floor(pixel / area) % masks;
    const kept = 1 - roundHalfEven(mask.data[item * area + (pixel % area)] ?? 0);
    return (value - 0.5) * kept + 0.5;
  });
  return { dims: pixels.dims, data };
}

/** Along one axis: 1 where any of the `size` values around it is 1, one more before it than after it if `size` is even. */
function spread(plane: Float32Array, size: number, { length, stride }: { length: number; stride: number }): Float32Array {
  const before = Math.ceil((size - 1) / 2);
  return plane.map((_, i) => {
    const at = Math.floor(i / stride) % length;
    for (let near = Math.max(at - before, 0); near <= Math.min(at - before + size - 1, length - 1); near++) {
      if (plane[i + (near - at) * stride]) return 1;
    }
    return 0;
  });
}

/** A mask rounded to 0 and 1, each 1 widened to a square of `size` pixels, so that no seam stays in the cells of a latent. */
export function widened(mask: Mask, size: number): Mask {
  const rounded = mask.data.map(roundHalfEven);
  if (size === 0) return { dims: mask.dims, data: rounded };
  const [, height = 0, width = 0] = mask.dims;
  const across = spread(rounded, size, { length: width, stride: 1 });
  const data = new Float32Array(across.length);
  // Along the height no item may reach into the next.
  for (let at = 0; at < data.length; at += height * width) {
    data.set(spread(across.subarray(at, at + height * width), size, { length: height, stride: width }), at);
  }
  return { dims: mask.dims, data };
}
