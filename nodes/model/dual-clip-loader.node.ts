import { choice, choiceFrom, clip, defineNode } from '../kit/index.ts';

/** Load two CLIPs. */
export default defineNode({
  type: 'DualCLIPLoader',
  title: 'Load two CLIPs',
  category: 'model',
  help: 'Opens the two text encoders of Stable Diffusion XL from files of their own, CLIP-L and CLIP-G, in either order.',
  keywords: ['clip', 'text encoder', 'sdxl', 'open'],
  inputs: {
    clip_name1: choiceFrom('clip', {
      label: 'first',
      help: 'One of the two files. Put more into models/text_encoders or models/clip to see them here.',
    }),
    clip_name2: choiceFrom('clip', { label: 'second', help: 'The other one.' }),
    type: choice(['sdxl'], { label: 'type', help: 'The kind of model that will use them.' }),
  },
  outputs: { CLIP: clip({ label: 'clip', help: 'Both text encoders, their features side by side.' }) },
  run: async ({ clip_name1, clip_name2 }, { models }) => ({ CLIP: await models.clip([clip_name1, clip_name2]) }),
  async identity({ clip_name1, clip_name2 }, { models }) {
    const names = [clip_name1, clip_name2].filter((name) => name !== undefined);
    return (await Promise.all(names.map((name) => models.identity(name, 'clip')))).join('\n');
  },
});
