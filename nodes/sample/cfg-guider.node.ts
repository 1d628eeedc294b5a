import { cfgGuider } from '../diffusion/guidance.ts';
import { cfgPort, modelPort, negativePort, positivePort } from '../diffusion/sampler-ports.ts';
import { defineNode, guider } from '../kit/index.ts';

/** The network with its prompts: a function from a noisy latent to a clean guess. */
export default defineNode({
  type: 'CFGGuider',
  title: 'U-Net (guidance)',
  category: 'sample',
  help: 'Joins the network with the prompts. It guesses the picture twice, with the wanted prompt and with the unwanted one, and pushes the result away from the unwanted one (classifier-free guidance).',
  keywords: ['guidance', 'cfg', 'unet', 'network', 'denoiser', 'negative prompt'],
  inputs: {
    model: modelPort,
    positive: positivePort,
    negative: negativePort,
    cfg: cfgPort,
  },
  outputs: { GUIDER: guider({ label: 'denoiser', help: 'The guided denoiser: the sampler calls it at each step.' }) },
  run: ({ model: network, positive, negative, cfg }) => ({
    GUIDER: cfgGuider(network, { positive, negative, cfg }),
  }),
});
