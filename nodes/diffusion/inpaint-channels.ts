import type { Conditioning, DiffusionModel, Mask, Surroundings, Tensor } from '../kit/index.ts';
import { centred } from './latent-regions.ts';
import { toScaled } from './parameterisation.ts';
import { roundHalfEven } from './rounding.ts';

/** An empty picture as a scaled latent, where an inpainting network is given none (Stable Diffusion's VAE). */
const blank = [0.8223, -0.6876, 0.6364, 0.138];

/** What is shown of the picture, scaled, and where to paint; nothing at all paints everything on an empty picture. */
function shown(conditioning: Conditioning, model: DiffusionModel, around: Surroundings | undefined): { latent?: Tensor; mask?: Mask } {
  const mask = conditioning.inpaint?.mask ?? around?.mask;
  const latent = conditioning.inpaint === undefined ? around?.latent : toScaled(conditioning.inpaint.latent, model.latent);
  return mask === undefined || latent === undefined ? {} : { mask, latent };
}

/** Which of `count` items stands for item `index` of a batch of another size: spread over it evenly. */
function itemFor(index: number, { count, batch }: { count: number; batch: number }): number {
  if (count === batch || batch <= 1) return index;
  const place = batch < count ? roundHalfEven((index * (count - 1)) / (batch - 1)) : Math.floor(((index + 0.5) * count) / batch);
  return Math.min(place, count - 1);
}

/** The channels that an inpainting network takes besides x `[b, c, h, w]`: the mask, rounded, and the masked latent `[b, 1 + c, h, w]`. */
export function inpaintChannels(
  conditioning: Conditioning,
  model: DiffusionModel,
  { dims, around }: { dims: readonly number[]; around: Surroundings | undefined },
): Tensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = dims;
  const { latent, mask } = shown(conditioning, model, around);
  const plane = height * width;
  const data = new Float32Array(batch * (1 + channels) * plane);
  const fitted = mask && centred(mask, { height, width, method: 'bilinear' });
  const picture = latent && centred(latent, { height, width, method: 'bilinear' });
  for (let b = 0; b < batch; b++) {
    const start = b * (1 + channels) * plane;
    if (fitted === undefined || picture === undefined) {
      data.fill(1, start, start + plane);
      for (let c = 0; c < channels; c++) data.fill(blank[c] ?? 0, start + (1 + c) * plane, start + (2 + c) * plane);
      continue;
    }
    const maskItem = itemFor(b, { count: fitted.dims[0] ?? 1, batch });
    const item = itemFor(b, { count: picture.dims[0] ?? 1, batch });
    data.set(fitted.data.subarray(maskItem * plane, (maskItem + 1) * plane).map(roundHalfEven), start);
    data.set(picture.data.subarray(item * channels * plane, (item + 1) * channels * plane), start + plane);
  }
  return { dims: [batch, 1 + channels, height, width], data };
}
