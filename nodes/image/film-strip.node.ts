import { evenSteps } from '../diffusion/forward-process.ts';
import { requireFinite } from '../diffusion/noisy-latents.ts';
import { chosen } from '../diffusion/picture-cells.ts';
import { filmEdges, linesOf, pictureTable } from '../diffusion/picture-table.ts';
import { defineNode, type Image, image, int, type NodeEvent, text } from '../kit/index.ts';

/** A batch as a strip of film. */
export default defineNode({
  type: 'FilmStrip',
  title: 'Film strip',
  category: 'image',
  effect: 'show',
  help: 'Lays the pictures of a batch beside each other like the frames of a film, in order, with words above them.',
  inputs: {
    images: image({ label: 'images', help: 'A batch of pictures.' }),
    frames: int({
      label: 'frames',
      advanced: true,
      default: 0,
      min: 0,
      max: 64,
      help: 'Show only so many, evenly spread over the batch; 0 shows all.',
    }),
    labels: text({ label: 'labels', multiline: true, advanced: true, help: 'What to write above the frames, a line each.' }),
  },
  outputs: { IMAGE: image({ label: 'image', help: 'The strip as one picture, without the words.' }) },
  async *run({ images: batch, frames, labels }, { images }): AsyncGenerator<NodeEvent, { IMAGE: Image }, void> {
    const count = requireFinite(batch, 'The picture').dims[0] ?? 0;
    const shown =
      frames === 0 || frames >= count
        ? Array.from({ length: count }, (_, i) => i)
        : evenSteps({ first: 0, last: count - 1, count: frames });
    const strip = filmEdges(pictureTable(chosen(batch, shown), { columns: shown.length, rows: 1 }));
    const lines = linesOf(labels);
    const words = { columns: lines.length === 0 ? [] : shown.map((index) => lines[index] ?? ''), rows: [] };
    yield { kind: 'show', content: { kind: 'images', files: await images.show(strip), labels: words } };
    return { IMAGE: strip };
  },
});
