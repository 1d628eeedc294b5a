import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image, type NodeEvent, sliceBatch, text } from '../kit/index.ts';

/** Two pictures over each other. */
export default defineNode({
  type: 'ImageCompare',
  title: 'Compare images',
  category: 'image',
  effect: 'show',
  help: 'Lays one picture over another: move the pointer over them and the line between the two follows it.',
  keywords: ['difference', 'slider', 'before', 'after', 'a/b'],
  inputs: {
    image_a: image({ label: 'left', help: 'The picture left of the line; of a batch the first.' }),
    image_b: image({ label: 'right', help: 'The picture right of the line; of a batch the first.' }),
    name_a: text({ label: 'left name', advanced: true, default: 'before', help: 'What to call the left one.' }),
    name_b: text({ label: 'right name', advanced: true, default: 'after', help: 'What to call the right one.' }),
  },
  outputs: {},
  async *run({ image_a, image_b, name_a, name_b }, { images }): AsyncGenerator<NodeEvent, Record<never, never>, void> {
    const first = await images.show(sliceBatch(requireFinite(image_a, 'The left picture'), 0, 1));
    const second = await images.show(sliceBatch(requireFinite(image_b, 'The right picture'), 0, 1));
    const labels = { columns: [name_a, name_b], rows: [] };
    yield { kind: 'show', content: { kind: 'images', files: [...first, ...second], labels, compare: true } };
    return {};
  },
});
