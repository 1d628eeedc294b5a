import { fittedToCells, greyedOut, widened } from '../diffusion/inpaint-picture.ts';
import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image, int, latent, mask, vae } from '../kit/index.ts';

/** Picture → latent, with the masked part made grey and marked. */
export default defineNode({
  type: 'VAEEncodeForInpaint',
  title: 'VAE encode for inpainting',
  category: 'vae',
  keywords: ['inpaint', 'repair', 'remove', 'mask'],
  help: 'Turns a picture into a latent in which the masked part is emptied and will be painted anew; the rest stays.\nNothing of the old picture is left under the mask: use it with denoise 1. To change a region only a little, use VAE encode and “Set noise mask”.',
  inputs: {
    pixels: image({ label: 'image', help: 'The picture.' }),
    vae: vae({ label: 'vae', help: 'The VAE of the model that will paint.' }),
    mask: mask({ label: 'mask', help: 'White is what is painted anew.' }),
    grow_mask_by: int({
      label: 'grow mask',
      unit: 'px',
      default: 6,
      min: 0,
      max: 64,
      help: 'Paints so much beyond the mask too, so that no seam shows.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The encoded picture with its mask.' }) },
  async run({ pixels, vae: autoencoder, mask: drawn, grow_mask_by }) {
    const fitted = fittedToCells(pixels, drawn, autoencoder.latent.downscale);
    const samples = requireFinite(await autoencoder.encode(greyedOut(fitted)), 'The encoded picture');
    return { LATENT: { samples, scale: autoencoder.latent.scale, noiseMask: widened(fitted.mask, grow_mask_by) } };
  },
});
