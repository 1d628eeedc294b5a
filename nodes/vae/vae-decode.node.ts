import { fitTo, inForm, requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image, latent, vae } from '../kit/index.ts';

/** Latent → picture. */
export default defineNode({
  type: 'VAEDecode',
  title: 'VAE decode',
  category: 'vae',
  help: 'Turns a latent into a picture. A latent that still holds noise is shown as a noisy picture.',
  keywords: ['latent to picture', 'latent to image', 'image', 'picture'],
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent to turn into a picture.' }),
    vae: vae({ label: 'vae', help: 'The VAE of the model that made the latent.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The picture.' }) },
  async run({ samples, vae: autoencoder }) {
    const fitted = fitTo(inForm(samples, 'preserving'), autoencoder.latent, 'this VAE');
    return { IMAGE: requireFinite(await autoencoder.decode(fitted.samples), 'The decoded picture') };
  },
});
