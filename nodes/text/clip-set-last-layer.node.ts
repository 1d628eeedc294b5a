import { clip, defineNode, int } from '../kit/index.ts';

/** Clip skip. */
export default defineNode({
  type: 'CLIPSetLastLayer',
  title: 'CLIP set last layer',
  category: 'text',
  keywords: ['clip skip', 'layer'],
  help: 'Stops the text encoder some layers before its end: −1 is the last, −2 the one before (“clip skip 2”).\nSome models, mostly for drawings, were trained with −2 and follow prompts better so.\nThe model’s file must give its hidden states; if it does not, this node says so.',
  inputs: {
    clip: clip({ label: 'clip', help: 'The text encoder.' }),
    stop_at_clip_layer: int({ label: 'stop at', default: -1, min: -24, max: -1, help: 'The layer, counted from the end.' }),
  },
  outputs: { CLIP: clip({ label: 'clip', help: 'The text encoder that stops there.' }) },
  run: async ({ clip: encoder, stop_at_clip_layer: layer }) => ({ CLIP: await encoder.atLayer(-layer) }),
});
