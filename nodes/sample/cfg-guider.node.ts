import { cfgGuider } from '../diffusion/guidance.ts';
import { conditioning, defineNode, float, guider, model } from '../kit/index.ts';

/** The network with its prompts: a function from a noisy latent to a clean guess. */
export default defineNode({
  type: 'CFGGuider',
  title: 'U-Net (guidance)',
  category: 'sample',
  help: 'Joins the network with the prompts. It guesses the picture twice, with the wanted prompt and with the unwanted one, and pushes the result away from the unwanted one (classifier-free guidance).',
  keywords: ['guidance', 'cfg', 'unet', 'network', 'denoiser', 'negative prompt'],
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    positive: conditioning({ label: 'prompt', help: 'What the picture should show.' }),
    negative: conditioning({ label: 'avoid', help: 'What to steer away from; an empty prompt is fine.' }),
    cfg: float({
      label: 'guidance',
      default: 8,
      min: 0,
      max: 100,
      step: 0.1,
      slider: true,
      help: 'How strongly the prompt counts (cfg). 1 ignores the unwanted prompt and runs twice as fast; too high looks burnt.',
    }),
  },
  outputs: { GUIDER: guider({ label: 'denoiser', help: 'The guided denoiser: the sampler calls it at each step.' }) },
  run: ({ model: network, positive, negative, cfg }) => ({
    GUIDER: cfgGuider(network, { positive, negative, cfg }),
  }),
});
