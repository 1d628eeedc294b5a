import type { Conditionings, NodeEvent, PromptPair, TextEncoder } from '../kit/index.ts';

/** Encodes prompts in their order, and shows in the node what of them could not be used, each sentence once. */
export async function* encodedPrompts(
  encoder: TextEncoder,
  prompts: readonly (string | PromptPair)[],
): AsyncGenerator<NodeEvent, readonly Conditionings[], void> {
  const warnings = new Set<string>();
  const encoded: Conditionings[] = [];
  for (const prompt of prompts) encoded.push(await encoder.encode(prompt, (sentence) => void warnings.add(sentence)));
  if (warnings.size > 0) yield { kind: 'show', content: { kind: 'text', text: [...warnings].join('\n') } };
  return encoded;
}

/** Encodes a prompt, and shows in the node what of it could not be used. */
export async function* encodedPrompt(encoder: TextEncoder, prompt: string | PromptPair): AsyncGenerator<NodeEvent, Conditionings, void> {
  const [encoded = []] = yield* encodedPrompts(encoder, [prompt]);
  return encoded;
}
