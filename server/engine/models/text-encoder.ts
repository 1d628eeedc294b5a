import { packWindows, readWeights, type WeightedToken } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError, sliceBatch, type Tensor, type TextEncoder, tensor } from '../../../nodes/kit/index.ts';
import type { Session } from './onnx.ts';
import type { PromptTokenizer } from './tokenizer.ts';

/** The parts of a text encoder, opened on first use. */
export interface TextEncoderParts {
  readonly tokenizer: () => Promise<PromptTokenizer>;
  readonly session: () => Promise<Session>;
}

type Window = readonly WeightedToken[];

/** `[n, tokens]` ids → last hidden states `[n, tokens, width]`. */
async function hiddenStates(session: Session, windows: readonly Window[]): Promise<Tensor> {
  const dims = [windows.length, windows[0]?.length ?? 0];
  const feeds: Record<string, Tensor> = {};
  for (const { name } of session.inputs) {
    if (name === 'input_ids')
      feeds[name] = tensor(
        dims,
        Float32Array.from(windows.flat(), ({ id }) => id),
      );
    else if (name === 'attention_mask') feeds[name] = tensor(dims, new Float32Array(windows.flat().length).fill(1));
    else throw new GraphError('bad-model', `The text encoder wants an input “${name}”, which is not known. Export it with input_ids only.`);
  }
  const outputs = await session.run(feeds);
  const hidden = outputs.get('last_hidden_state') ?? [...outputs.values()].find(({ dims: shape }) => shape.length === 3);
  if (hidden === undefined) throw new GraphError('bad-model', 'The text encoder gives no hidden states. Export it with last_hidden_state.');
  return hidden;
}

/** Moves each token's features away from those of an empty prompt by its weight: e + w·(z − e). */
function applyWeights(states: Tensor, empty: Tensor, windows: readonly Window[]): Tensor {
  const [, , width = 0] = states.dims;
  const data = Float32Array.from(states.data);
  windows.flat().forEach(({ weight }, row) => {
    if (weight === 1) return;
    const position = row % (windows[0]?.length ?? 1);
    for (let i = 0; i < width; i++) {
      const plain = empty.data[position * width + i] ?? 0;
      data[row * width + i] = plain + weight * ((data[row * width + i] ?? 0) - plain);
    }
  });
  return { dims: states.dims, data };
}

/** A prompt's tokens with their weights, in windows. */
function windowsOf(text: string, { window, ids }: PromptTokenizer): readonly Window[] {
  const groups = readWeights(text).map((piece) => ids(piece.text).map((id) => ({ id, weight: piece.weight })));
  return packWindows(groups, window);
}

/** Prompts → conditioning, with weights and windows of any number put side by side along the tokens. */
export function textEncoder(parts: TextEncoderParts): TextEncoder {
  return {
    async encode(text) {
      const tokenizer = await parts.tokenizer();
      const { window } = tokenizer;
      const windows = windowsOf(text, tokenizer);
      const weighted = windows.flat().some(({ weight }) => weight !== 1);
      const all = weighted ? [...windows, ...packWindows([], window)] : windows;
      const states = await hiddenStates(await parts.session(), all);
      const own = sliceBatch(states, 0, windows.length);
      const result = weighted ? applyWeights(own, sliceBatch(states, windows.length, 1), windows) : own;
      const [count = 0, tokens = 0, width = 0] = result.dims;
      return [{ tokens: { dims: [1, count * tokens, width], data: result.data } }];
    },
    async tokens(text) {
      const tokenizer = await parts.tokenizer();
      const { begin, end, pad } = tokenizer.window;
      return windowsOf(text, tokenizer)
        .flat()
        .flatMap(({ id }, position) => (id === begin || id === end || id === pad ? [] : [{ text: tokenizer.word(id), position }]));
    },
  };
}
