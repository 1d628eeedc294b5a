import { type Conditioning, type DiffusionModel, type Mask, type Surroundings, sizeOf, type Tensor } from '../kit/index.ts';
import { toScaled } from './parameterisation.ts';
import { fitMask } from './prompt-parts.ts';
import { resamplePlanes } from './resample.ts';
import { roundHalfEven } from './rounding.ts';

/** An empty picture as a scaled latent, where an inpainting network is given none (Stable Diffusion's VAE). */
const blank = [0.8223, -0.6876, 0.6364, 0.138];

/** What is shown of the picture, scaled, and where to paint; nothing at all paints everything on an empty picture. */
function shown(conditioning: Conditioning, model: DiffusionModel, around: Surroundings | undefined): { latent?: Tensor; mask?: Mask } {
  const mask = conditioning.inpaint?.mask ?? around?.mask;
  const latent = conditioning.inpaint === undefined ? around?.latent : toScaled(conditioning.inpaint.latent, model.latent);
  return mask === undefined || latent === undefined ? {} : { mask, latent };
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
  const fitted = mask && fitMask(mask, { height, width });
  const fits = latent?.dims[2] === height && latent.dims[3] === width;
  const picture = latent === undefined || fits ? latent : resamplePlanes(latent, { height, width, method: 'bilinear' });
  for (let b = 0; b < batch; b++) {
    const start = b * (1 + channels) * plane;
    if (fitted === undefined || picture === undefined) {
      data.fill(1, start, start + plane);
      for (let c = 0; c < channels; c++) data.fill(blank[c] ?? 0, start + (1 + c) * plane, start + (2 + c) * plane);
      continue;
    }
    const [maskItem, item] = [b % (fitted.dims[0] ?? 1), b % (picture.dims[0] ?? 1)];
    data.set(fitted.data.subarray(maskItem * plane, (maskItem + 1) * plane).map(roundHalfEven), start);
    data.set(picture.data.subarray(item * channels * plane, (item + 1) * channels * plane), start + plane);
  }
  return { dims: [batch, 1 + channels, height, width], data };
}

/** Channels side by side: `[b, c₁, h, w]` and `[b, c₂, h, w]` → `[b, c₁ + c₂, h, w]`. */
export function joinChannels(a: Tensor, b: Tensor): Tensor {
  const [batch = 0, first = 0, height = 0, width = 0] = a.dims;
  const second = b.dims[1] ?? 0;
  const dims = [batch, first + second, height, width];
  const data = new Float32Array(sizeOf(dims));
  const [own, other] = [first * height * width, second * height * width];
  for (let item = 0; item < batch; item++) {
    data.set(a.data.subarray(item * own, (item + 1) * own), item * (own + other));
    data.set(b.data.subarray(item * other, (item + 1) * other), item * (own + other) + own);
  }
  return { dims, data };
}
