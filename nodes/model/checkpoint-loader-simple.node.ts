import { choiceFrom, clip, defineNode, model, vae } from '../kit/index.ts';

/** Opens a model: network, text encoder and VAE in one. */
export default defineNode({
  type: 'CheckpointLoaderSimple',
  title: 'Load model',
  category: 'model',
  help: 'Opens a diffusion model from the models folder. It gives the three parts that the other nodes need: the network that removes noise, the text encoder that reads prompts, and the VAE that turns latents into pictures and back.',
  keywords: ['checkpoint', 'open', 'stable diffusion', 'weights', 'onnx', 'ckpt'],
  inputs: {
    ckpt_name: choiceFrom('checkpoints', {
      label: 'model',
      help: 'Which model to open. Put more into the models folder to see them here.',
    }),
  },
  outputs: {
    MODEL: model({ label: 'model', help: 'The network that guesses the noise in a latent, with its noise schedule.' }),
    CLIP: clip({ label: 'clip', help: 'The text encoder that belongs to this model.' }),
    VAE: vae({ label: 'vae', help: 'Turns pictures into latents and latents into pictures.' }),
  },
  async run({ ckpt_name }, { models }) {
    const { model: MODEL, clip: CLIP, vae: VAE } = await models.checkpoint(ckpt_name);
    return { MODEL, CLIP, VAE };
  },
  async identity({ ckpt_name }, { models }) {
    return ckpt_name === undefined ? '' : models.identity(ckpt_name);
  },
});
