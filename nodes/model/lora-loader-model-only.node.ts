import { modelWithLora } from '../diffusion/lora-on-wires.ts';
import { choiceFrom, type DiffusionModel, defineNode, float, model, type NodeEvent } from '../kit/index.ts';

/** LoRA for the network alone (Hu et al. 2021). */
export default defineNode({
  type: 'LoraLoaderModelOnly',
  title: 'Load LoRA (model only)',
  category: 'model',
  help: 'Changes the network of a model by a small file of additions to its weights, and leaves the text encoder as it is. Enough for LoRAs that make a model need fewer steps (LCM, Lightning).',
  keywords: ['lora', 'lcm', 'lightning', 'adapter'],
  inputs: {
    model: model({ label: 'model', help: 'The network that removes noise.' }),
    lora_name: choiceFrom('loras', { label: 'LoRA', help: 'Which file. Put more into models/loras to see them here.' }),
    strength_model: float({
      label: 'strength',
      default: 1,
      min: -100,
      max: 100,
      step: 0.01,
      help: 'How strongly it changes the network. 1 is as it was made, 0 not at all.',
    }),
  },
  outputs: { MODEL: model({ label: 'model', help: 'The changed network.' }) },
  async *run({ model: network, lora_name: name, strength_model: strength }): AsyncGenerator<NodeEvent, { MODEL: DiffusionModel }, void> {
    const warnings = new Set<string>();
    const MODEL = await modelWithLora(network, { name, strength }, (sentence) => void warnings.add(sentence));
    if (warnings.size > 0) yield { kind: 'show', content: { kind: 'text', text: [...warnings].join('\n') } };
    return { MODEL };
  },
  identity: async ({ lora_name }, { models }) => (lora_name === undefined ? '' : models.identity(lora_name, 'loras')),
});
