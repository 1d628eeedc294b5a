import { sameNorm } from '../../../nodes/diffusion/prompt-features.ts';
import type { WeightedToken } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError, type Tensor, tensor } from '../../../nodes/kit/index.ts';
import type { Session } from './onnx.ts';

type Window = readonly WeightedToken[];

/** Inputs of a network that lets rows of embeddings stand in for words: 1 where a row stands `[n, tokens, 1]`, and the rows `[n, tokens, width]`. */
export const embeddingInputs = { mask: 'embedding_mask', rows: 'embedding_rows' } as const;

/** Layers as people count them: −1 is the last one of the network as it was trained. */
export interface LayerChoice {
  /** The layer that steers the U-Net where nothing is said. */
  readonly layer: number;
  /** Is it taken through the final layer norm? */
  readonly normalised: boolean;
  /** The layer that the output `last_hidden_state` is the layer norm of. */
  readonly last: number;
  /** How many of its last layers the export leaves out. */
  readonly dropped: number;
}

/** Stable Diffusion 1. */
export const lastLayer: LayerChoice = { layer: -1, normalised: true, last: -1, dropped: 0 };
/** Stable Diffusion XL. */
export const penultimateLayer: LayerChoice = { layer: -2, normalised: false, last: -1, dropped: 0 };

/** What a network says of windows of tokens: features `[n, tokens, width]`, and a pooled vector of each `[n, width]` where it has one. */
export interface TextStates {
  readonly states: Tensor;
  readonly pooled: Tensor | undefined;
}

function feedsOf(session: Session, windows: readonly Window[]): Record<string, Tensor> {
  const tokens = windows.flat();
  const dims = [windows.length, windows[0]?.length ?? 0];
  const feeds: Record<string, Tensor> = {};
  for (const { name, shape } of session.inputs) {
    if (name === 'input_ids')
      feeds[name] = tensor(
        dims,
        Float32Array.from(tokens, ({ id }) => id),
      );
    else if (name === 'attention_mask') feeds[name] = tensor(dims, new Float32Array(tokens.length).fill(1));
    else if (name === embeddingInputs.mask)
      feeds[name] = tensor(
        [...dims, 1],
        Float32Array.from(tokens, ({ vector }) => Number(vector !== undefined)),
      );
    else if (name === embeddingInputs.rows) feeds[name] = rowsOf(tokens, [...dims, Number(shape[2])]);
    else throw new GraphError('bad-model', `The text encoder wants an input “${name}”, which is not known. Export it with input_ids only.`);
  }
  return feeds;
}

function rowsOf(tokens: readonly WeightedToken[], dims: readonly number[]): Tensor {
  const width = dims[2] ?? 0;
  const data = new Float32Array(tokens.length * width);
  tokens.forEach(({ vector }, at) => {
    if (vector !== undefined) data.set(vector, at * width);
  });
  return tensor(dims, data);
}

/** Width of the rows that may stand in for words; undefined where the network takes none. */
export function embeddingWidth({ inputs }: Session): number | undefined {
  const width = inputs.find(({ name }) => name === embeddingInputs.rows)?.shape[2];
  return typeof width === 'number' ? width : undefined;
}

const hiddenName = /^hidden_states?[._]?(\d+)$/;

/** Names of the outputs with the states after each layer, those of the words themselves first. */
const hiddenNames = ({ outputs }: Session): readonly string[] =>
  outputs
    .flatMap(({ name }) => {
      const [, index] = hiddenName.exec(name) ?? [];
      return index === undefined ? [] : [{ name, index: Number(index) }];
    })
    .sort((a, b) => a.index - b.index)
    .map(({ name }) => name);

/** The output that holds a layer, and whether it has the layer norm already. */
interface LayerOutput {
  readonly name: string | undefined;
  readonly final: boolean;
}

/** Where a layer is found; beyond the first layer it is the last one. Throws `bad-model` where the export does not give it. */
function layerOutput(session: Session, choice: LayerChoice, layer: number): LayerOutput {
  const names = hiddenNames(session);
  const layers = names.length - 1 + choice.dropped;
  const final = { name: undefined, final: true };
  if (layer === choice.last && choice.normalised) return final;
  const name = names.at(layer + choice.dropped);
  if (names.length > 0 && -layer > layers) return final;
  if (name !== undefined && layer + choice.dropped < 0) return { name, final: false };
  throw new GraphError(
    'bad-model',
    `This text encoder does not give its layer ${layer}: the file has ${names.length === 0 ? 'no hidden states' : `only the layers up to ${-1 - choice.dropped}`}. Export it with output_hidden_states, or take “CLIP set last layer” out.`,
    { place: { port: 'stop_at_clip_layer' } },
  );
}

/** Throws `bad-model` unless a network gives a layer. */
export function requireLayer(session: Session, choice: LayerChoice, layer: number): void {
  layerOutput(session, choice, layer);
}

function lastState(outputs: ReadonlyMap<string, Tensor>): Tensor {
  const hidden = outputs.get('last_hidden_state') ?? [...outputs.values()].find(({ dims }) => dims.length === 3);
  if (hidden !== undefined) return hidden;
  throw new GraphError('bad-model', 'The text encoder gives no hidden states. Export it with last_hidden_state.');
}

/** Runs windows of tokens through a network; `layer` is another one than its own. */
export async function textStates(
  session: Session,
  windows: readonly Window[],
  { choice, layer = choice.layer }: { choice: LayerChoice; layer?: number | undefined },
): Promise<TextStates> {
  const { name, final } = layerOutput(session, choice, layer);
  const outputs = await session.run(feedsOf(session, windows));
  const pooled = outputs.get('text_embeds') ?? outputs.get('pooler_output');
  const found = name === undefined ? undefined : outputs.get(name);
  if (final || found === undefined) return { states: lastState(outputs), pooled };
  if (!choice.normalised) return { states: found, pooled };
  const before = outputs.get(hiddenNames(session).at(choice.last + choice.dropped) ?? '');
  return { states: before === undefined ? found : sameNorm({ before, after: lastState(outputs) }, found), pooled };
}
