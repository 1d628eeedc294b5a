import { type DiffusionModel, GraphError, type Image, scale, sliceBatch, type Tensor } from '../kit/index.ts';
import { signedPixels } from './heat-colours.ts';

/** Ways to look at a latent without its VAE. */
export const latentViews = ['channels', 'pixels', 'preview'] as const;
export type LatentView = (typeof latentViews)[number];

/** Values of a scaled latent beyond this are drawn in full colour. */
const reach = 3;

const sides = ({ dims: [batch = 0, channels = 0, height = 0, width = 0] }: Tensor) => ({ batch, channels, height, width });

/** Each channel of each item as a picture of its own: blue below zero, red above. `[b·c, h, w, 3]`. */
export function channelPictures(scaled: Tensor): Image {
  const { batch, channels, height, width } = sides(scaled);
  return { dims: [batch * channels, height, width, 3], data: signedPixels(scaled.data, reach) };
}

/** Three channels −1…1 as red, green and blue, cut off to 0…1. `[b, h, w, 3]`. Throws `size-mismatch`. */
export function pixelPictures(samples: Tensor): Image {
  const { batch, channels, height, width } = sides(samples);
  if (channels !== 3) {
    throw new GraphError('size-mismatch', `Only a latent of 3 channels is pixels, this one has ${channels}. Decode it with a VAE.`);
  }
  const area = height * width;
  const data = new Float32Array(batch * area * 3);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < area; i++) {
        const value = ((samples.data[(b * 3 + c) * area + i] ?? 0) + 1) / 2;
        data[(b * area + i) * 3 + c] = Math.min(Math.max(value, 0), 1);
      }
    }
  }
  return { dims: [batch, height, width, 3], data };
}

/** Each item by the model's linear preview map. `[b, h', w', 3]`. */
export function previewPictures(scaled: Tensor, model: DiffusionModel): Image {
  const pictures = Array.from({ length: scaled.dims[0] ?? 0 }, (_, item) => model.preview(sliceBatch(scaled, item, 1)));
  const { width = 0, height = 0 } = pictures[0] ?? {};
  const data = new Float32Array(pictures.length * width * height * 3);
  for (const [item, { rgb }] of pictures.entries())
    data.set(scale({ dims: [rgb.length], data: Float32Array.from(rgb) }, 1 / 255).data, item * rgb.length);
  return { dims: [pictures.length, height, width, 3], data };
}

/** Every pixel as a square of `factor`² pixels, `[b, h, w, c]`. */
export function enlarged({ dims, data }: Image, factor: number): Image {
  const [batch = 0, height = 0, width = 0, channels = 0] = dims;
  const [newHeight, newWidth] = [height * factor, width * factor];
  const result = new Float32Array(batch * newHeight * newWidth * channels);
  let at = 0;
  for (let row = 0; row < batch * newHeight; row++) {
    for (let column = 0; column < newWidth; column++) {
      const from = (Math.floor(row / factor) * width + Math.floor(column / factor)) * channels;
      for (let c = 0; c < channels; c++) result[at++] = data[from + c] ?? 0;
    }
  }
  return { dims: [batch, newHeight, newWidth, channels], data: result };
}
