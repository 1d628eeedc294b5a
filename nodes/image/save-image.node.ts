import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image, text } from '../kit/index.ts';

/** A picture to the output folder, with the workflow inside. */
export default defineNode({
  type: 'SaveImage',
  title: 'Save image',
  category: 'image',
  effect: 'write',
  help: 'Writes the picture as a PNG into the output folder. The file carries the workflow: drop it on the page to get the graph back.',
  keywords: ['output', 'write', 'export', 'png', 'download', 'store'],
  inputs: {
    images: image({ label: 'image', help: 'What to save.' }),
    filename_prefix: text({
      label: 'name',
      default: 'picture',
      help: 'Begin of the file name; a number is added. It may name a folder, and hold %width%, %height%, %year%, %month%, %day%, %hour%, %minute%, %second%.',
    }),
  },
  outputs: {},
  async *run({ images: pictures, filename_prefix }, { images }) {
    const files = await images.save(requireFinite(pictures, 'The picture'), filename_prefix);
    yield { kind: 'show', content: { kind: 'images', files } } as const;
    return {};
  },
});
