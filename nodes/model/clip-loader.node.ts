import { choice, choiceFrom, clip, defineNode } from '../kit/index.ts';

/** Load CLIP. */
export default defineNode({
  type: 'CLIPLoader',
  title: 'Load CLIP',
  category: 'model',
  help: 'Opens a text encoder from a file of its own: that of Stable Diffusion 1 (CLIP-L), of 2 (CLIP-H), or of the refiner of XL (CLIP-G). The file itself tells which.',
  keywords: ['clip', 'text encoder', 'open'],
  inputs: {
    clip_name: choiceFrom('clip', {
      label: 'text encoder',
      help: 'Which file. Put more into models/text_encoders or models/clip to see them here.',
    }),
    type: choice(['stable_diffusion'], { label: 'type', help: 'The kind of model that will use it.' }),
  },
  outputs: { CLIP: clip({ label: 'clip', help: 'The text encoder.' }) },
  run: async ({ clip_name }, { models }) => ({ CLIP: await models.clip([clip_name]) }),
  identity: async ({ clip_name }, { models }) => (clip_name === undefined ? '' : models.identity(clip_name, 'clip')),
});
