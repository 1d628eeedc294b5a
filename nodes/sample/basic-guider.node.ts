import { conditioned } from '../diffusion/guidance.ts';
import { modelPort } from '../diffusion/sampler-ports.ts';
import { conditioning, defineNode, guider } from '../kit/index.ts';

/** One prompt, no guidance. */
export default defineNode({
  type: 'BasicGuider',
  title: 'U-Net (no guidance)',
  category: 'sample',
  help: 'Joins the network with one prompt. It runs once a step and pushes away from nothing: right for models that were distilled, such as turbo and LCM models.',
  inputs: {
    model: modelPort,
    conditioning: conditioning({ label: 'prompt', help: 'What the picture should show.' }),
  },
  outputs: { GUIDER: guider({ label: 'denoiser', help: 'The guided denoiser: the sampler calls it at each step.' }) },
  run: ({ model, conditioning: prompt }) => ({ GUIDER: { model, denoise: conditioned(model, prompt) } }),
});
