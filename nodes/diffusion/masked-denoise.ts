import type { Denoise, DenoiseBoth, Mask, ModelSampling, Surroundings, Tensor } from '../kit/index.ts';
import { noisedTo } from './parameterisation.ts';

/** A masked run: what is kept, the noise that it is shown with, and where. */
export interface MaskedRun {
  readonly around: Surroundings & { readonly mask: Mask };
  readonly noise: Tensor;
  readonly sampling: ModelSampling;
}

/** a·m + b·(1 − m) in each cell, the mask the same for all channels. */
function blend(a: Tensor, b: Tensor, { dims, data: mask }: Mask): Tensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = a.dims;
  const plane = height * width;
  const items = dims[0] ?? 1;
  const data = new Float32Array(a.data.length);
  for (let p = 0; p < batch * channels; p++) {
    const from = (Math.floor(p / channels) % items) * plane;
    for (let i = 0; i < plane; i++) {
      const share = mask[from + i] ?? 0;
      const at = p * plane + i;
      data[at] = (a.data[at] ?? 0) * share + (b.data[at] ?? 0) * (1 - share);
    }
  }
  return { dims: a.dims, data };
}

/** Puts the kept part back, with the noise of the level, before the network sees x. */
const shown = (x: Tensor, sigma: number, { around, noise, sampling }: MaskedRun): Tensor =>
  blend(x, noisedTo(around.latent, noise, { sigma, sampling }), around.mask);

/** Denoises only under a mask: the rest of x and of x̂₀ is what the run started from (Lugmayr et al. 2022, eq. 8, without going back). */
export const masked =
  (denoise: Denoise, run: MaskedRun): Denoise =>
  async (x, sigma, around) =>
    blend(await denoise(shown(x, sigma, run), sigma, around), run.around.latent, run.around.mask);

/** {@link masked} for both guesses; the unwanted one is left as the network gives it. */
export const maskedBoth =
  (both: DenoiseBoth, run: MaskedRun): DenoiseBoth =>
  async (x, sigma, around) => {
    const { denoised, unwanted } = await both(shown(x, sigma, run), sigma, around);
    return { denoised: blend(denoised, run.around.latent, run.around.mask), unwanted };
  };
