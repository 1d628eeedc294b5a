import { clipWithLora, modelWithLora } from '../diffusion/lora-on-wires.ts';
import { choiceFrom, clip, type DiffusionModel, defineNode, float, model, type NodeEvent, type TextEncoder } from '../kit/index.ts';

/** LoRA for network and text encoder (Hu et al. 2021). */
export default defineNode({
  type: 'LoraLoader',
  title: 'Load LoRA',
  category: 'model',
  help: 'Changes a model by a small file of additions to its weights, such as a style or a person that it was not taught. Put several one after the other to combine them.\nThe file must have been made for the same family of models. The model itself has to be a .safetensors file or folder.',
  keywords: ['lora', 'lycoris', 'locon', 'style', 'adapter'],
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    clip: clip({ label: 'clip', help: 'The text encoder of the same model.' }),
    lora_name: choiceFrom('loras', { label: 'LoRA', help: 'Which file. Put more into models/loras to see them here.' }),
    strength_model: float({
      label: 'model strength',
      default: 1,
      min: -100,
      max: 100,
      step: 0.01,
      help: 'How strongly it changes the network. 1 is as it was made, 0 not at all, less than 0 the other way.',
    }),
    strength_clip: float({
      label: 'clip strength',
      default: 1,
      min: -100,
      max: 100,
      step: 0.01,
      help: 'How strongly it changes the text encoder.',
    }),
  },
  outputs: {
    MODEL: model({ label: 'model', help: 'The changed network.' }),
    CLIP: clip({ label: 'clip', help: 'The changed text encoder.' }),
  },
  async *run({
    model: network,
    clip: encoder,
    lora_name: name,
    strength_model,
    strength_clip,
  }): AsyncGenerator<NodeEvent, { MODEL: DiffusionModel; CLIP: TextEncoder }, void> {
    const warnings = new Set<string>();
    const warn = (sentence: string): void => void warnings.add(sentence);
    const MODEL = await modelWithLora(network, { name, strength: strength_model }, warn);
    const CLIP = await clipWithLora(encoder, { name, strength: strength_clip }, warn);
    if (warnings.size > 0) yield { kind: 'show', content: { kind: 'text', text: [...warnings].join('\n') } };
    return { MODEL, CLIP };
  },
  identity: async ({ lora_name }, { models }) => (lora_name === undefined ? '' : models.identity(lora_name, 'loras')),
});
