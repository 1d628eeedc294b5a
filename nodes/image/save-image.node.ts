import { requireFinite } from '../diffusion/noisy-latents.ts';
import { defineNode, image, text, toggle } from '../kit/index.ts';

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
    metadata: toggle({
      label: 'keep the workflow',
      advanced: true,
      default: true,
      help: 'The file carries the workflow and what it was made with. Switch it off for a picture that says nothing of how it was made.',
    }),
  },
  outputs: {},
  async *run({ images: pictures, filename_prefix, metadata }, { images }) {
    const files = await images.save(requireFinite(pictures, 'The picture'), filename_prefix, { metadata });
    yield { kind: 'show', content: { kind: 'images', files } } as const;
    return {};
  },
});
