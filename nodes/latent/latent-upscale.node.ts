import { latentTarget } from '../diffusion/latent-size.ts';
import { cropPort, latentMethodPort } from '../diffusion/scale-ports.ts';
import { scaledPlanes } from '../diffusion/scaled-planes.ts';
import { defineNode, int, latent } from '../kit/index.ts';

/** Another size. */
export default defineNode({
  type: 'LatentUpscale',
  title: 'Scale latent',
  category: 'latent',
  keywords: ['hires', 'second pass'],
  help: 'Makes a latent larger or smaller, for a picture of the size you give.\nA scaled latent looks washed out: denoise it again, at about 0.5, to get a sharp picture.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent to scale.' }),
    upscale_method: latentMethodPort,
    width: int({
      label: 'width',
      latentSide: 'width',
      unit: 'px',
      default: 512,
      min: 0,
      max: 16_384,
      step: 8,
      help: 'New width of the picture; 0 follows the height.',
    }),
    height: int({
      label: 'height',
      latentSide: 'height',
      unit: 'px',
      default: 512,
      min: 0,
      max: 16_384,
      step: 8,
      help: 'New height of the picture; 0 follows the width.',
    }),
    crop: cropPort,
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The scaled latent.' }) },
  run({ samples: source, upscale_method: method, width, height, crop }) {
    if (width === 0 && height === 0) return { LATENT: source };
    const size = latentTarget(source.samples, { width, height });
    return { LATENT: { ...source, samples: scaledPlanes(source.samples, { ...size, method, crop }) } };
  },
});
