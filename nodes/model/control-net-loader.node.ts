import { choiceFrom, controlNetwork, defineNode } from '../kit/index.ts';

/** Opens a ControlNet. */
export default defineNode({
  type: 'ControlNetLoader',
  title: 'Load ControlNet',
  category: 'model',
  help: 'Opens a ControlNet: a network that makes a picture follow another one, such as its edges, depth or poses. Each is made for one kind of such pictures and for one family of models (Stable Diffusion 1, 2 or XL).\nPut the .safetensors file into the folder “controlnet” of the models folder.',
  keywords: ['controlnet', 'control net', 'canny', 'depth', 'pose', 'scribble', 'edges'],
  inputs: {
    control_net_name: choiceFrom('controlnets', {
      label: 'ControlNet',
      help: 'Which ControlNet to open. Choose one of the model’s family.',
    }),
  },
  outputs: { CONTROL_NET: controlNetwork({ label: 'ControlNet', help: 'The network, for “Apply ControlNet”.' }) },
  run: async ({ control_net_name }, { models }) => ({ CONTROL_NET: await models.controlNetwork(control_net_name) }),
  identity: async ({ control_net_name }, { models }) =>
    control_net_name === undefined ? '' : models.identity(control_net_name, 'controlnets'),
});
