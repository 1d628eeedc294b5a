import { choice, choiceFrom, defineNode, model } from '../kit/index.ts';

/** Load U-Net. */
export default defineNode({
  type: 'UNETLoader',
  title: 'Load U-Net',
  category: 'model',
  help: 'Opens the network that removes noise from a file of its own. Text encoder and VAE then come from “Load CLIP” and “Load VAE”.',
  keywords: ['unet', 'diffusion model', 'open'],
  inputs: {
    unet_name: choiceFrom('unet', {
      label: 'U-Net',
      help: 'Which file. Put more into models/diffusion_models or models/unet to see them here.',
    }),
    weight_dtype: choice(['default'], {
      label: 'weights',
      help: 'How finely the network computes; “default” is as the program was started (--precision).',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The network that guesses the noise in a latent.' }) },
  run: async ({ unet_name }, { models }) => ({ MODEL: await models.unet(unet_name) }),
  identity: async ({ unet_name }, { models }) => (unet_name === undefined ? '' : models.identity(unet_name, 'unet')),
});
