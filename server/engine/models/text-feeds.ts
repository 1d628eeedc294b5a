import type { WeightedToken } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError, type Tensor, tensor } from '../../../nodes/kit/index.ts';
import type { Session } from './inference-backend.ts';

/** Inputs of a network that lets rows of embeddings stand in for words: 1 where a row stands `[n, tokens, 1]`, and the rows `[n, tokens, width]`. */
export const embeddingInputs = { mask: 'embedding_mask', rows: 'embedding_rows' } as const;

/** Width of the rows that may stand in for words; undefined where the network takes none. */
export function embeddingWidth({ inputs }: Session): number | undefined {
  const width = inputs.find(({ name }) => name === embeddingInputs.rows)?.shape[2];
  return typeof width === 'number' ? width : undefined;
}

function rowsOf(tokens: readonly WeightedToken[], dims: readonly number[]): Tensor {
  const width = dims[2] ?? 0;
  const data = new Float32Array(tokens.length * width);
  tokens.forEach(({ vector }, at) => {
    if (vector !== undefined) data.set(vector, at * width);
  });
  return tensor(dims, data);
}

/** What a text network is fed for windows of tokens. Throws `bad-model` for an input that is not known. */
export function textFeeds(session: Session, windows: readonly (readonly WeightedToken[])[]): Record<string, Tensor> {
  const tokens = windows.flat();
  const dims = [windows.length, windows[0]?.length ?? 0];
  const feeds: Record<string, Tensor> = {};
  for (const { name } of session.inputs) {
    if (name === 'input_ids') {
      feeds[name] = tensor(
        dims,
        Float32Array.from(tokens, ({ id }) => id),
      );
    } else if (name === 'attention_mask') feeds[name] = tensor(dims, new Float32Array(tokens.length).fill(1));
    else if (name === embeddingInputs.mask) {
      const stands = Float32Array.from(tokens, ({ vector }) => Number(vector !== undefined));
      feeds[name] = tensor([...dims, 1], stands);
    } else if (name === embeddingInputs.rows) feeds[name] = rowsOf(tokens, [...dims, embeddingWidth(session) ?? 0]);
    else throw new GraphError('bad-model', `The text encoder wants an input “${name}”, which is not known. Export it with input_ids only.`);
  }
  return feeds;
}
