import { defineNode, float, image, latent, type NodeEvent, sizeOf } from '../kit/index.ts';

const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');

/** How much smaller a latent is than its picture. */
export default defineNode({
  type: 'SizeRatio',
  title: 'Size ratio',
  category: 'latent',
  effect: 'show',
  help: 'Counts the numbers in a picture and in its latent, and how many times fewer the latent has.',
  inputs: {
    pixels: image({ label: 'image', help: 'The picture.' }),
    samples: latent({ label: 'latent', help: 'The latent of that picture.' }),
  },
  outputs: { ratio: float({ label: 'ratio', help: 'How many times fewer numbers the latent has.', default: 1, min: 0, max: 1e9 }) },
  async *run({ pixels, samples: { samples } }): AsyncGenerator<NodeEvent, { ratio: number }, void> {
    const [, height = 0, width = 0, colours = 0] = pixels.dims;
    const [, channels = 0, rows = 0, columns = 0] = samples.dims;
    const [before, after] = [sizeOf(pixels.dims.slice(1)), sizeOf(samples.dims.slice(1))];
    const ratio = before / after;
    const lines = [
      `picture: ${width} × ${height} × ${colours} = ${grouped(before)} numbers`,
      `latent: ${columns} × ${rows} × ${channels} = ${grouped(after)} numbers`,
      `${Number(ratio.toFixed(1))} times fewer`,
    ];
    yield { kind: 'show', content: { kind: 'text', text: lines.join('\n') } };
    return { ratio };
  },
});
