import { choiceFrom, defineNode, vae } from '../kit/index.ts';

/** Load VAE. */
export default defineNode({
  type: 'VAELoader',
  title: 'Load VAE',
  category: 'model',
  help: 'Opens a VAE from a file of its own, to be used in place of the one in a model. It turns pictures into latents and back, and must belong to the same family as the model.',
  keywords: ['vae', 'decoder', 'open'],
  inputs: {
    vae_name: choiceFrom('vae', { label: 'VAE', help: 'Which file. Put more into models/vae to see them here.' }),
  },
  outputs: { VAE: vae({ label: 'vae', help: 'Turns pictures into latents and latents into pictures.' }) },
  run: async ({ vae_name }, { models }) => ({ VAE: await models.vae(vae_name) }),
  identity: async ({ vae_name }, { models }) => (vae_name === undefined ? '' : models.identity(vae_name, 'vae')),
});
