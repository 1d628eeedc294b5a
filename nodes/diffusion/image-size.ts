import type { Image } from '../kit/index.ts';
import { roundHalfEven } from './rounding.ts';

/** Two sides, in pixels or cells. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** The size to scale to: a side of 0 keeps the shape of the picture, both 0 its size. Pixels. */
export function targetSize({ dims }: Image, wanted: Sides): Sides {
  const [, height = 1, width = 1] = dims;
  if (wanted.width === 0 && wanted.height === 0) return { width, height };
  return {
    width: wanted.width || Math.max(1, roundHalfEven((width * wanted.height) / height)),
    height: wanted.height || Math.max(1, roundHalfEven((height * wanted.width) / width)),
  };
}

/** The middle part of `from` with the shape of `to`, as a rectangle of `from`. */
export function centreCut(from: Sides, to: Sides): Sides & { readonly x: number; readonly y: number } {
  const oldShape = from.width / from.height;
  const newShape = to.width / to.height;
  const x = oldShape > newShape ? roundHalfEven((from.width - from.width * (newShape / oldShape)) / 2) : 0;
  const y = oldShape < newShape ? roundHalfEven((from.height - from.height * (oldShape / newShape)) / 2) : 0;
  return { x, y, width: from.width - 2 * x, height: from.height - 2 * y };
}

/** A rectangle of pictures `[b, h, w, c]`, which must lie inside of them. */
export function cutPixels(image: Image, part: Sides & { readonly x: number; readonly y: number }): Image {
  const [batch = 0, oldHeight = 0, oldWidth = 0, channels = 0] = image.dims;
  const { x, y, width, height } = part;
  const data = new Float32Array(batch * height * width * channels);
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < height; row++) {
      const from = ((b * oldHeight + row + y) * oldWidth + x) * channels;
      data.set(image.data.subarray(from, from + width * channels), (b * height + row) * width * channels);
    }
  }
  return { dims: [batch, height, width, channels], data };
}

/** Cuts the middle part with the shape of the target, `[b, h, w, c]`. */
export function cropToShape(image: Image, to: Sides): Image {
  const [, height = 0, width = 0] = image.dims;
  return cutPixels(image, centreCut({ width, height }, to));
}

/** The rectangle from `x`, `y` on, as far as it lies inside of sides; at least one pixel. */
export function clippedPart(sides: Sides, wanted: Sides & { readonly x: number; readonly y: number }): typeof wanted {
  const x = Math.min(wanted.x, sides.width - 1);
  const y = Math.min(wanted.y, sides.height - 1);
  return { x, y, width: Math.min(wanted.width, sides.width - x), height: Math.min(wanted.height, sides.height - y) };
}
