import { fittedToCells, greyedOut } from '../diffusion/inpaint-picture.ts';
import { requireFinite } from '../diffusion/noisy-latents.ts';
import { conditioning, defineNode, image, latent, mask, toggle, vae } from '../kit/index.ts';

/** What an inpainting network is shown besides the prompts. */
export default defineNode({
  type: 'InpaintModelConditioning',
  title: 'Inpainting conditioning',
  category: 'text',
  keywords: ['inpaint', 'nine channels'],
  help: 'For models made for inpainting (nine input channels): shows them the picture with a hole where the mask is white.\nOther models take no notice of it; for those, “Set noise mask” or “VAE encode for inpainting” is enough.',
  inputs: {
    positive: conditioning({ label: 'positive', help: 'The prompt of what is wanted.' }),
    negative: conditioning({ label: 'negative', help: 'The prompt of what is to be avoided.' }),
    vae: vae({ label: 'vae', help: 'The VAE of the model.' }),
    pixels: image({ label: 'image', help: 'The picture.' }),
    mask: mask({ label: 'mask', help: 'White is what is painted anew.' }),
    noise_mask: toggle({
      label: 'noise mask',
      default: true,
      help: 'Keeps the rest exactly as it is. Without, the model may change all of the picture.',
    }),
  },
  outputs: {
    positive: conditioning({ label: 'positive', help: 'The wanted prompt with the picture.' }),
    negative: conditioning({ label: 'negative', help: 'The unwanted prompt with the picture.' }),
    latent: latent({ label: 'latent', help: 'The encoded picture, to start from.' }),
  },
  async run({ positive, negative, vae: autoencoder, pixels, mask: drawn, noise_mask }) {
    const fitted = fittedToCells(pixels, drawn, autoencoder.latent.downscale);
    const shown = requireFinite(await autoencoder.encode(greyedOut(fitted)), 'The encoded picture');
    const samples = requireFinite(await autoencoder.encode(fitted.pixels), 'The encoded picture');
    const inpaint = { mask: fitted.mask, latent: shown };
    const start = { samples, scale: autoencoder.latent.scale, ...(noise_mask && { noiseMask: fitted.mask }) };
    return {
      positive: positive.map((one) => ({ ...one, inpaint })),
      negative: negative.map((one) => ({ ...one, inpaint })),
      latent: start,
    };
  },
});
