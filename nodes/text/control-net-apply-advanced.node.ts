import { withControl } from '../diffusion/controls.ts';
import { conditioning, controlNetwork, defineNode, float, GraphError, image, optional, vae } from '../kit/index.ts';

/** Both prompts, steered by a ControlNet for a part of the way. */
export default defineNode({
  type: 'ControlNetApplyAdvanced',
  title: 'Apply ControlNet',
  category: 'text',
  keywords: ['controlnet', 'canny', 'depth', 'pose'],
  help: 'Makes the picture follow another one, such as its edges, its depth or a pose. Put several behind each other to follow several.\nSteering only the first steps fixes what is where and leaves the details free.\nThe picture is fitted to the size of the latent: its middle is taken where the proportions differ.',
  inputs: {
    positive: conditioning({ label: 'positive', help: 'The prompt of what is wanted.' }),
    negative: conditioning({ label: 'negative', help: 'The prompt of what is to be avoided.' }),
    control_net: controlNetwork({ label: 'ControlNet', help: 'From “Load ControlNet”.' }),
    image: image({ label: 'image', help: 'What it is to follow: a picture of the kind that this ControlNet knows.' }),
    strength: float({ label: 'strength', default: 1, min: 0, max: 10, step: 0.01, help: 'How strongly. 0 is not at all.' }),
    start_percent: float({
      label: 'start',
      default: 0,
      min: 0,
      max: 1,
      step: 0.001,
      slider: true,
      help: 'Share of the way from noise (0) to picture (1) at which it starts.',
    }),
    end_percent: float({
      label: 'end',
      default: 1,
      min: 0,
      max: 1,
      step: 0.001,
      slider: true,
      help: 'Share of the way at which it stops.',
    }),
    vae: optional(
      vae({
        label: 'vae',
        advanced: true,
        help: 'Only for ControlNets that read latents, which are of other families than Stable Diffusion.',
      }),
    ),
  },
  outputs: {
    positive: conditioning({ label: 'positive', help: 'The wanted prompt, steered.' }),
    negative: conditioning({ label: 'negative', help: 'The unwanted prompt, steered.' }),
  },
  run({ positive, negative, control_net: network, image: shown, strength, start_percent: start, end_percent: end }) {
    if (start > end)
      throw new GraphError('bad-value', `It would start at ${start} and stop at ${end}. Choose a start before the end.`, {
        place: { port: 'start_percent' },
      });
    // One for both, so that they go through the networks together.
    const control = { network, image: shown, strength, start, end };
    return { positive: withControl(positive, control), negative: withControl(negative, control) };
  },
});
