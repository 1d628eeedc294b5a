import { changedCells } from '../diffusion/latent-batches.ts';
import { turned } from '../diffusion/planes.ts';
import { choice, defineNode, latent } from '../kit/index.ts';

const quarters = { none: 0, '90 degrees': 1, '180 degrees': 2, '270 degrees': 3 } as const;

/** Turned by quarters. */
export default defineNode({
  type: 'LatentRotate',
  title: 'Rotate latent',
  category: 'latent',
  help: 'Turns a latent clockwise. What the picture shows is turned too, but a VAE does not see all ways alike: denoise it a little afterwards.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent.' }),
    rotation: choice(['none', '90 degrees', '180 degrees', '270 degrees'], { label: 'by', help: 'How far, clockwise.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The turned latent.' }) },
  run: ({ samples, rotation }) => ({ LATENT: changedCells(samples, (planes) => turned(planes, quarters[rotation])) }),
});
