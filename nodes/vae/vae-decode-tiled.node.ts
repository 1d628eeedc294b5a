import { fitTo, inForm, requireFinite } from '../diffusion/noisy-latents.ts';
import { overlapPort, tilePort, tilesOf } from '../diffusion/tile-ports.ts';
import { defineNode, image, latent, vae } from '../kit/index.ts';

/** Latent → picture, tile by tile. */
export default defineNode({
  type: 'VAEDecodeTiled',
  title: 'VAE decode (tiled)',
  category: 'vae',
  keywords: ['latent to picture', 'large', 'memory', 'tiles', 'seams'],
  help: 'Turns a latent into a picture piece by piece, so that large pictures need little memory. Pieces overlap and are blended.\n“VAE decode” does so by itself where memory runs out. Larger pieces with more overlap differ less from a picture made whole.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent to turn into a picture.' }),
    vae: vae({ label: 'vae', help: 'The VAE of the model that made the latent.' }),
    tile_size: tilePort(32),
    overlap: overlapPort,
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The picture.' }) },
  async run({ samples, vae: autoencoder, tile_size, overlap }) {
    const fitted = fitTo(inForm(samples, 'preserving'), autoencoder.latent, 'this VAE');
    const tiles = tilesOf({ tile_size, overlap }, autoencoder.latent);
    return { IMAGE: requireFinite(await autoencoder.decode(fitted.samples, tiles), 'The decoded picture') };
  },
});
