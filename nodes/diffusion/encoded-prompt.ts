import type { Conditionings, NodeEvent, PromptPair, TextEncoder } from '../kit/index.ts';

/** Encodes a prompt, and shows in the node what of it could not be used. */
export async function* encodedPrompt(encoder: TextEncoder, prompt: string | PromptPair): AsyncGenerator<NodeEvent, Conditionings, void> {
  const warnings: string[] = [];
  const conditionings = await encoder.encode(prompt, (sentence) => warnings.push(sentence));
  if (warnings.length > 0) yield { kind: 'show', content: { kind: 'text', text: warnings.join('\n') } };
  return conditionings;
}
