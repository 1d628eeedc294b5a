import type { Image, Mask } from '../kit/index.ts';

/** How many pixels to add at each side, and over how many the new part fades into the picture. */
export interface Padding {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly feathering: number;
}

/** A picture `[b, h, w, c]` with grey around it, and a mask `[1, h, w]` that is 1 on the grey and fades inwards as a square. */
export function paddedForOutpaint(image: Image, padding: Padding): { image: Image; mask: Mask } {
  const [batch = 0, height = 0, width = 0, channels = 0] = image.dims;
  const { left, top, right, bottom } = padding;
  const [newHeight, newWidth] = [height + top + bottom, width + left + right];
  const data = new Float32Array(batch * newHeight * newWidth * channels).fill(0.5);
  const mask = new Float32Array(newHeight * newWidth).fill(1);
  for (let row = 0; row < height; row++) {
    for (let b = 0; b < batch; b++) {
      const from = (b * height + row) * width * channels;
      const to = ((b * newHeight + row + top) * newWidth + left) * channels;
      data.set(image.data.subarray(from, from + width * channels), to);
    }
    for (let column = 0; column < width; column++) {
      mask[(row + top) * newWidth + column + left] = fadeAt({ row, column }, { height, width }, padding);
    }
  }
  return { image: { dims: [batch, newHeight, newWidth, channels], data }, mask: { dims: [1, newHeight, newWidth], data: mask } };
}

/** How much of a pixel of the picture is made anew; a picture too small for the fade has none. */
function fadeAt(
  { row, column }: { row: number; column: number },
  { height, width }: { height: number; width: number },
  { left, top, right, bottom, feathering }: Padding,
): number {
  if (feathering === 0 || feathering * 2 >= height || feathering * 2 >= width) return 0;
  const distance = Math.min(
    top === 0 ? height : row,
    bottom === 0 ? height : height - row,
    left === 0 ? width : column,
    right === 0 ? width : width - column,
  );
  return distance >= feathering ? 0 : ((feathering - distance) / feathering) ** 2;
}
