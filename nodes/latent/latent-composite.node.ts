import { featheredCover, pasted } from '../diffusion/composite.ts';
import { inForm } from '../diffusion/noisy-latents.ts';
import { defineNode, int, latent } from '../kit/index.ts';

/** One latent on another. */
export default defineNode({
  type: 'LatentComposite',
  title: 'Composite latents',
  category: 'latent',
  help: 'Puts one latent onto another, with edges as soft as you like.\nBoth should hold the same amount of noise: join them before sampling, or between two samplers.',
  inputs: {
    samples_to: latent({ label: 'background', help: 'The latent that is covered.' }),
    samples_from: latent({ label: 'foreground', help: 'The latent that is put onto it.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it goes, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it goes, from the top.' }),
    feather: int({
      label: 'feather',
      unit: 'px',
      default: 0,
      min: 0,
      max: 16_384,
      step: 8,
      help: 'How soft the edges inside of the picture are.',
    }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'Both as one latent.' }) },
  run({ samples_to: below, samples_from, ...pixels }) {
    const above = below.noise === undefined ? samples_from : inForm(samples_from, below.noise.form);
    const cells = (side: number): number => Math.floor(side / 8);
    const place = { x: cells(pixels.x), y: cells(pixels.y) };
    const cover = featheredCover(below.samples, above.samples, { ...place, feather: cells(pixels.feather) });
    return { LATENT: { ...below, samples: pasted(below.samples, above.samples, { ...place, cover }) } };
  },
});
