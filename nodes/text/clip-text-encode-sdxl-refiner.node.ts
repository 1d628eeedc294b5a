import { encodedPrompt } from '../diffusion/encoded-prompt.ts';
import { type Conditionings, clip, conditioning, defineNode, float, int, type NodeEvent, text } from '../kit/index.ts';

/** A prompt for SDXL's refiner. */
export default defineNode({
  type: 'CLIPTextEncodeSDXLRefiner',
  title: 'Text encoder (SDXL refiner)',
  category: 'text',
  keywords: ['sdxl', 'refiner'],
  help: 'Turns a prompt into the numbers that steer SDXL’s refiner, which is told how good the picture should look.\nTake about 6 for what you want and 2.5 for what is to be avoided.',
  inputs: {
    ascore: float({ label: 'aesthetic score', default: 6, min: 0, max: 1000, help: 'How good the picture looks, from about 1 to 10.' }),
    width: int({
      label: 'width',
      unit: 'px',
      default: 1024,
      min: 0,
      max: 16_384,
      help: 'How wide the picture is, as the network is told.',
    }),
    height: int({ label: 'height', unit: 'px', default: 1024, min: 0, max: 16_384, help: 'How high it is.' }),
    text: text({ label: 'prompt', multiline: true, help: 'What the picture shows.' }),
    clip: clip({ label: 'clip', help: 'The text encoder of the refiner.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The encoded prompt with its score and size.' }) },
  async *run({
    ascore: aesthetic,
    width,
    height,
    text: prompt,
    clip: encoder,
  }): AsyncGenerator<NodeEvent, { CONDITIONING: Conditionings }, void> {
    const size = { width, height, cropLeft: 0, cropTop: 0, targetWidth: width, targetHeight: height };
    const encoded = yield* encodedPrompt(encoder, prompt);
    return { CONDITIONING: encoded.map((one) => ({ ...one, size, aesthetic })) };
  },
  identity: async ({ text }, { models }) => models.embeddings([text]),
});
