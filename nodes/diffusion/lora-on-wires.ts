import { type DiffusionModel, GraphError, type LoraChoice, type TextEncoder } from '../kit/index.ts';

type Warn = (sentence: string) => void;

const unchangeable = (what: string, port: string): GraphError =>
  new GraphError(
    'bad-model',
    `A LoRA cannot be put on this ${what}: its weights are fixed in an ONNX export. Use the same model as a .safetensors file, or put the LoRA in before exporting it (pipe.load_lora_weights, pipe.fuse_lora and pipe.save_pretrained of diffusers, then optimum-cli export onnx).`,
    { place: { port } },
  );

/** The model with a LoRA on top of what it has; what else was set on it stays. Throws `bad-model` where its weights are fixed. */
export async function modelWithLora(network: DiffusionModel, lora: LoraChoice, warn: Warn): Promise<DiffusionModel> {
  if (lora.strength === 0) return network;
  if (network.withLora === undefined) throw unchangeable('model', 'model');
  return { ...network, ...(await network.withLora(lora, warn)) };
}

/** The text encoder with a LoRA on top of what it has. Throws `bad-model` where its weights are fixed. */
export async function clipWithLora(encoder: TextEncoder, lora: LoraChoice, warn: Warn): Promise<TextEncoder> {
  if (lora.strength === 0) return encoder;
  if (encoder.withLora === undefined) throw unchangeable('text encoder', 'clip');
  return encoder.withLora(lora, warn);
}
