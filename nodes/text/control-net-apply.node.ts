import { withControl } from '../diffusion/controls.ts';
import { conditioning, controlNetwork, defineNode, float, image } from '../kit/index.ts';

/** A prompt that a ControlNet steers, the older form: one prompt in, and the unwanted one is steered too. */
export default defineNode({
  type: 'ControlNetApply',
  title: 'Apply ControlNet (one prompt)',
  category: 'text',
  keywords: ['controlnet', 'canny', 'depth', 'pose'],
  help: 'Makes the picture follow another one, such as its edges. What the sampler is given as unwanted prompt is steered in the same way.\n“Apply ControlNet” does the same for both prompts and for a part of the steps.',
  inputs: {
    conditioning: conditioning({ label: 'prompt', help: 'The wanted prompt. It may have been through another ControlNet.' }),
    control_net: controlNetwork({ label: 'ControlNet', help: 'From “Load ControlNet”.' }),
    image: image({ label: 'image', help: 'What it is to follow: a picture of the kind that this ControlNet knows.' }),
    strength: float({ label: 'strength', default: 1, min: 0, max: 10, step: 0.01, help: 'How strongly. 0 is not at all.' }),
  },
  outputs: { CONDITIONING: conditioning({ label: 'conditioning', help: 'The steered prompt.' }) },
  run: ({ conditioning: prompt, control_net: network, image: shown, strength }) => ({
    CONDITIONING: withControl(prompt, { network, image: shown, strength, start: 0, end: 1, bothSides: true }),
  }),
});
