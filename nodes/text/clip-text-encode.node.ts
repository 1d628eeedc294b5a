import { encodedPrompt } from '../diffusion/encoded-prompt.ts';
import { type Conditionings, clip, conditioning, defineNode, type NodeEvent, text } from '../kit/index.ts';

/** A prompt to the numbers that steer the network. */
export default defineNode({
  type: 'CLIPTextEncode',
  title: 'Text encoder',
  category: 'text',
  help: 'Turns a prompt into the numbers that steer the network.\n(word) counts a little more, (word:1.4) counts 1.4 times, (word:0.7) less; write \\( for a real parenthesis.\nembedding:name puts a trained word in. Long prompts are read in windows of the encoder’s length.',
  keywords: ['prompt', 'words', 'clip', 'positive', 'negative', 'conditioning'],
  inputs: {
    text: text({
      label: 'prompt',
      multiline: true,
      placeholder: 'A few words, or nothing',
      help: 'What the picture should show, or what it should avoid, in plain words.',
    }),
    clip: clip({ label: 'clip', help: 'The text encoder of the model that will use this prompt.' }),
  },
  outputs: {
    CONDITIONING: conditioning({
      label: 'conditioning',
      help: 'The encoded prompt. Wire it to the positive or the negative side of the U-Net.',
    }),
  },
  async *run({ text: prompt, clip: encoder }): AsyncGenerator<NodeEvent, { CONDITIONING: Conditionings }, void> {
    return { CONDITIONING: yield* encodedPrompt(encoder, prompt) };
  },
  identity: async ({ text }, { models }) => models.embeddings([text]),
});
