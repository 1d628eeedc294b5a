import { requireFinite } from '../diffusion/noisy-latents.ts';
import { overlapPort, tilePort, tilesOf } from '../diffusion/tile-ports.ts';
import { defineNode, image, latent, vae } from '../kit/index.ts';

/** Picture → latent, tile by tile. */
export default defineNode({
  type: 'VAEEncodeTiled',
  title: 'VAE encode (tiled)',
  category: 'vae',
  keywords: ['picture to latent', 'large', 'memory', 'tiles', 'seams'],
  help: 'Turns a picture into a latent piece by piece, so that large pictures need little memory. Pieces overlap and are blended.\n“VAE encode” does so by itself where memory runs out.',
  inputs: {
    pixels: image({ label: 'image', help: 'The picture.' }),
    vae: vae({ label: 'vae', help: 'The VAE of the model that will work on the latent.' }),
    tile_size: tilePort(64),
    overlap: overlapPort,
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The encoded picture.' }) },
  async run({ pixels, vae: autoencoder, tile_size, overlap }) {
    const tiles = tilesOf({ tile_size, overlap }, autoencoder.latent);
    const samples = requireFinite(await autoencoder.encode(pixels, tiles), 'The encoded picture');
    return { LATENT: { samples, scale: autoencoder.latent.scale } };
  },
});
