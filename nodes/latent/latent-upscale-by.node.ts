import { scaledCells } from '../diffusion/latent-size.ts';
import { latentMethodPort } from '../diffusion/scale-ports.ts';
import { scaledPlanes } from '../diffusion/scaled-planes.ts';
import { defineNode, float, latent } from '../kit/index.ts';

/** So many times larger. */
export default defineNode({
  type: 'LatentUpscaleBy',
  title: 'Scale latent by',
  category: 'latent',
  keywords: ['hires', 'second pass'],
  help: 'Makes a latent so many times larger or smaller.\nA scaled latent looks washed out: denoise it again, at about 0.5, to get a sharp picture.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent to scale.' }),
    upscale_method: latentMethodPort,
    scale_by: float({ label: 'times', default: 1.5, min: 0.01, max: 8, help: '2 doubles each side, 0.5 halves it.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The scaled latent.' }) },
  run({ samples: source, upscale_method: method, scale_by }) {
    const size = scaledCells(source.samples, scale_by);
    return { LATENT: { ...source, samples: scaledPlanes(source.samples, { ...size, method, crop: 'disabled' }) } };
  },
});
