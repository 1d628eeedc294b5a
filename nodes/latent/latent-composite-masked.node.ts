import { pastedUnder } from '../diffusion/composite.ts';
import { inForm } from '../diffusion/noisy-latents.ts';
import { defineNode, int, latent, mask, optional, toggle } from '../kit/index.ts';

/** One latent on another, under a mask. */
export default defineNode({
  type: 'LatentCompositeMasked',
  title: 'Composite latents under a mask',
  category: 'latent',
  help: 'Puts one latent onto another where a mask is white; without a mask all of it.\nBoth should hold the same amount of noise.',
  inputs: {
    destination: latent({ label: 'background', help: 'The latent that is covered.' }),
    source: latent({ label: 'foreground', help: 'The latent that is put onto it.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it goes, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it goes, from the top.' }),
    resize_source: toggle({ label: 'fit size', default: false, help: 'Brings the foreground to the size of the background first.' }),
    mask: optional(mask({ label: 'mask', help: 'White is where the foreground is seen. It is brought to the size of the foreground.' })),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'Both as one latent.' }) },
  run({ destination: below, source, x, y, resize_source: resize, mask: drawn }) {
    const above = below.noise === undefined ? source : inForm(source, below.noise.form);
    const cells = { x: Math.floor(x / 8), y: Math.floor(y / 8) };
    return { LATENT: { ...below, samples: pastedUnder(below.samples, above.samples, { ...cells, resize, mask: drawn }) } };
  },
});
