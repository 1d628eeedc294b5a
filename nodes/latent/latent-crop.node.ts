import { changedCells } from '../diffusion/latent-batches.ts';
import { cutRegion } from '../diffusion/latent-regions.ts';
import { defineNode, int, latent } from '../kit/index.ts';

const smallest = 8;

/** A rectangle of a latent. */
export default defineNode({
  type: 'LatentCrop',
  title: 'Crop latent',
  category: 'latent',
  help: 'Cuts a rectangle out of a latent. Its place moves so that at least 64 pixels are left, and what lies outside is left out.',
  inputs: {
    samples: latent({ label: 'latent', help: 'The latent.' }),
    width: int({ label: 'width', unit: 'px', default: 512, min: 64, max: 16_384, step: 8, help: 'Width of the rectangle.' }),
    height: int({ label: 'height', unit: 'px', default: 512, min: 64, max: 16_384, step: 8, help: 'Height of the rectangle.' }),
    x: int({ label: 'x', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it starts, from the left.' }),
    y: int({ label: 'y', unit: 'px', default: 0, min: 0, max: 16_384, step: 8, help: 'Where it starts, from the top.' }),
  },
  outputs: { LATENT: latent({ label: 'latent', help: 'The rectangle.' }) },
  run({ samples: source, ...pixels }) {
    const [, , rows = 0, columns = 0] = source.samples.dims;
    const cells = (side: number): number => Math.floor(side / 8);
    const x = Math.max(Math.min(cells(pixels.x), columns - smallest), 0);
    const y = Math.max(Math.min(cells(pixels.y), rows - smallest), 0);
    const part = { x, y, width: Math.min(cells(pixels.width), columns - x), height: Math.min(cells(pixels.height), rows - y) };
    return { LATENT: changedCells(source, (planes) => cutRegion(planes, part)) };
  },
});
