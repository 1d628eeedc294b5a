import { GraphError, type Image } from '../kit/index.ts';

/** The size to scale to: a side of 0 keeps the shape of the picture; both 0 is refused. Pixels. */
export function targetSize({ dims }: Image, wanted: { width: number; height: number }): { width: number; height: number } {
  const [, height = 1, width = 1] = dims;
  if (wanted.width === 0 && wanted.height === 0) {
    throw new GraphError('bad-value', 'Width and height are both 0: give at least one of them.', { place: { port: 'width' } });
  }
  return {
    width: wanted.width || Math.max(1, Math.round((width * wanted.height) / height)),
    height: wanted.height || Math.max(1, Math.round((height * wanted.width) / width)),
  };
}

/** Cuts the middle part with the shape of the target, `[b, h, w, c]`. */
export function cropToShape(image: Image, { width, height }: { width: number; height: number }): Image {
  const [batch = 0, oldHeight = 0, oldWidth = 0, channels = 0] = image.dims;
  const oldShape = oldWidth / oldHeight;
  const newShape = width / height;
  const cutX = oldShape > newShape ? Math.round((oldWidth - oldWidth * (newShape / oldShape)) / 2) : 0;
  const cutY = oldShape < newShape ? Math.round((oldHeight - oldHeight * (oldShape / newShape)) / 2) : 0;
  const [w, h] = [oldWidth - 2 * cutX, oldHeight - 2 * cutY];
  const data = new Float32Array(batch * h * w * channels);
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < h; y++) {
      const from = ((b * oldHeight + y + cutY) * oldWidth + cutX) * channels;
      data.set(image.data.subarray(from, from + w * channels), (b * h + y) * w * channels);
    }
  }
  return { dims: [batch, h, w, channels], data };
}
