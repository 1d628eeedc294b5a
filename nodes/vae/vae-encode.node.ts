import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image, latent, vae } from '../kit/index.ts';

/** Picture → latent (the mean of the encoder's distribution). */
export default defineNode({
  type: 'VAEEncode',
  title: 'VAE encode',
  category: 'vae',
  help: 'Turns a picture into a latent, the small space in which diffusion works: 8 times fewer cells along each side. Sides are cut to a multiple of 8.',
  keywords: ['picture to latent', 'image to latent', 'img2img', 'encode'],
  inputs: {
    pixels: image({ label: 'image', help: 'The picture to encode.' }),
    vae: vae({ label: 'vae', help: 'The VAE of the model that will work on the latent.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The encoded picture.' }) },
  async run({ pixels, vae: autoencoder }) {
    const samples = requireFinite(await autoencoder.encode(pixels), 'The encoded picture');
    return { LATENT: { samples, scale: autoencoder.latent.scale } };
  },
});
