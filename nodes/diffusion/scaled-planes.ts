import type { Tensor } from '../kit/index.ts';
import { bislerp } from './bislerp.ts';
import { centreCut } from './image-size.ts';
import { cutRegion } from './latent-regions.ts';
import { resamplePlanes } from './resample.ts';

/** Ways to bring a latent to another size. */
export const latentMethods = ['nearest-exact', 'bilinear', 'area', 'bicubic', 'bislerp'] as const;

/** The size to come to in cells, how, and whether the sides are cut first to keep the proportions. */
export interface ScaledSize {
  readonly width: number;
  readonly height: number;
  readonly method: (typeof latentMethods)[number];
  readonly crop: 'disabled' | 'center';
}

/** Latents `[b, c, h, w]` to another size. */
export function scaledPlanes(x: Tensor, { crop, method, ...size }: ScaledSize): Tensor {
  const [height = 0, width = 0] = x.dims.slice(-2);
  const source = crop === 'center' ? cutRegion(x, centreCut({ width, height }, size)) : x;
  return method === 'bislerp' ? bislerp(source, size) : resamplePlanes(source, { ...size, method });
}
