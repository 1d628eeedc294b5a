import { encodedPrompt } from '../diffusion/encoded-prompt.ts';
import { type Conditionings, clip, conditioning, defineNode, int, type NodeEvent, text } from '../kit/index.ts';

const side = (label: string, value: number, help: string) => int({ label, unit: 'px', default: value, min: 0, max: 16_384, help });

/** A prompt for SDXL, with what the network is told of the picture. */
export default defineNode({
  type: 'CLIPTextEncodeSDXL',
  title: 'Text encoder (SDXL)',
  category: 'text',
  keywords: ['sdxl'],
  help: 'Turns prompts into the numbers that steer Stable Diffusion XL, with the sizes that it is told.\nIt was trained on pictures of many sizes: a small size gives a coarse picture, a crop of 0 a subject that is not cut off.\nThe plain text encoder works too; it says the size of the picture that is made.',
  inputs: {
    clip: clip({ label: 'clip', help: 'The text encoder of an SDXL model.' }),
    width: side('width', 1024, 'How wide the picture was before it was scaled, as the network is told.'),
    height: side('height', 1024, 'How high it was.'),
    crop_w: side('crop left', 0, 'How much was cut off at the left.'),
    crop_h: side('crop top', 0, 'How much was cut off at the top.'),
    target_width: side('target width', 1024, 'How wide the picture is that is made.'),
    target_height: side('target height', 1024, 'How high it is.'),
    text_g: text({ label: 'prompt', multiline: true, help: 'For the larger of the two networks: what the picture shows.' }),
    text_l: text({ label: 'prompt, smaller network', multiline: true, help: 'For the smaller one; most people write the same in both.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The encoded prompt with its sizes.' }) },
  async *run(inputs): AsyncGenerator<NodeEvent, { CONDITIONING: Conditionings }, void> {
    const { clip: encoder, width, height, crop_w: cropLeft, crop_h: cropTop, text_g: g, text_l: l } = inputs;
    const size = { width, height, cropLeft, cropTop, targetWidth: inputs.target_width, targetHeight: inputs.target_height };
    const encoded = yield* encodedPrompt(encoder, { l, g });
    return { CONDITIONING: encoded.map((one) => ({ ...one, size })) };
  },
  identity: async ({ text_l, text_g }, { models }) => models.embeddings([text_l, text_g]),
});
