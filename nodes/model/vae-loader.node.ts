import { choice, choiceFrom, defineNode, type LatentScale, vae } from '../kit/index.ts';

const families = ['as the file says', 'Stable Diffusion 1 or 2', 'Stable Diffusion XL'] as const;

/** Factors to the network's space. */
const scales: Readonly<Record<(typeof families)[number], LatentScale | undefined>> = {
  'as the file says': undefined,
  'Stable Diffusion 1 or 2': 0.18215,
  'Stable Diffusion XL': 0.13025,
};

/** Load VAE. */
export default defineNode({
  type: 'VAELoader',
  title: 'Load VAE',
  category: 'model',
  help: 'Opens a VAE from a file of its own, to be used in place of the one in a model. It turns pictures into latents and back, and must belong to the same family as the model.',
  keywords: ['vae', 'decoder', 'open'],
  inputs: {
    vae_name: choiceFrom('vae', { label: 'VAE', help: 'Which file. Put more into models/vae to see them here.' }),
    family: choice(families, {
      label: 'family',
      advanced: true,
      help: 'Whose latents it makes. Samplers do not need it; nodes that add noise without a model do, and most files do not say it.',
    }),
  },
  outputs: { VAE: vae({ label: 'vae', help: 'Turns pictures into latents and latents into pictures.' }) },
  async run({ vae_name, family }, { models }) {
    const found = await models.vae(vae_name);
    return { VAE: { ...found, latent: { ...found.latent, scale: scales[family] ?? found.latent.scale } } };
  },
  identity: async ({ vae_name }, { models }) => (vae_name === undefined ? '' : models.identity(vae_name, 'vae')),
});
