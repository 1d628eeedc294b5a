import { defineNode, image, latent } from '../kit/index.ts';

/** Pixels 0…1 as a latent of three channels −1…1. */
export default defineNode({
  type: 'ImageToLatent',
  title: 'Pixels as latent',
  category: 'latent',
  help: 'Takes the pixels themselves as a latent of three channels (red, green, blue from −1 to 1), without a VAE: for the forward process as DDPM has it. “Latent to image” with “pixels” turns it back.',
  inputs: { pixels: image({ label: 'image', help: 'The picture.' }) },
  outputs: { LATENT: latent({ label: 'latent', help: 'The pixels as a latent.' }) },
  run({ pixels: { dims, data } }) {
    const [batch = 0, height = 0, width = 0, channels = 0] = dims;
    const area = height * width;
    const samples = new Float32Array(batch * 3 * area);
    for (let b = 0; b < batch; b++) {
      for (let c = 0; c < 3; c++) {
        for (let i = 0; i < area; i++) {
          samples[(b * 3 + c) * area + i] = 2 * (data[(b * area + i) * channels + Math.min(c, channels - 1)] ?? 0) - 1;
        }
      }
    }
    return { LATENT: { samples: { dims: [batch, 3, height, width], data: samples }, scale: 1 } };
  },
});
