import { clip, conditioning, defineNode, text } from '../kit/index.ts';

/** A prompt to the numbers that steer the network. */
export default defineNode({
  type: 'CLIPTextEncode',
  title: 'Text encoder',
  category: 'text',
  help: 'Turns a prompt into the numbers that steer the network. (word) counts a little more, (word:1.4) counts 1.4 times, (word:0.7) less; write \\( for a real parenthesis.',
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
  run: async ({ text: prompt, clip: encoder }) => ({ CONDITIONING: await encoder.encode(prompt) }),
});
