import { type EmbeddingLookup, tokenGroups } from '../../../nodes/diffusion/prompt-embeddings.ts';
import { inOneRow, sideBySide, weightedFeatures } from '../../../nodes/diffusion/prompt-features.ts';
import { packWindows, type WeightedToken } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError, type PromptPair, sliceBatch, type Tensor, type TextEncoder } from '../../../nodes/kit/index.ts';
import type { Session } from './onnx.ts';
import { embeddingWidth, type LayerChoice, requireLayer, textStates } from './text-network.ts';
import type { PromptTokenizer } from './tokenizer.ts';

/** One network of a text encoder, its parts opened on first use. */
export interface TextNetworkParts {
  readonly tokenizer: () => Promise<PromptTokenizer>;
  readonly session: () => Promise<Session>;
  /** What its part is called in files of embeddings. */
  readonly name: 'clip_l' | 'clip_g' | 'clip_h';
  readonly layers: LayerChoice;
  /** Does its pooled vector go to the U-Net? */
  readonly pooled: boolean;
}

/** What a text encoder is made of: one network, or SDXL's two, the smaller first. */
export interface TextEncoderParts {
  readonly networks: readonly [TextNetworkParts] | readonly [TextNetworkParts, TextNetworkParts];
  /** Absent where there is no folder of embeddings. */
  readonly embeddings?: EmbeddingLookup;
  /** Another layer than the networks' own. */
  readonly layer?: number;
}

type Window = readonly WeightedToken[];
type Warn = (sentence: string) => void;

/** Rows of an embedding for a network; undefined, with a warning where there is one that does not fit. */
async function fittingRows(name: string, network: TextNetworkParts, { lookup, warn }: { lookup: EmbeddingLookup | undefined; warn: Warn }) {
  const rows = await lookup?.(name, network.name);
  if (rows === undefined) return undefined;
  const width = embeddingWidth(await network.session());
  if (width === rows.dims.at(-1)) return rows;
  warn(
    width === undefined
      ? `The embedding “${name}” cannot be used: this text encoder was exported for words alone.`
      : `The embedding “${name}” has ${rows.dims.at(-1)} numbers a word, but this text encoder works with ${width}: it belongs to a model of another kind.`,
  );
  return undefined;
}

/** A prompt's tokens with their weights, in windows. */
async function windowsOf(
  text: string,
  network: TextNetworkParts,
  from: { lookup: EmbeddingLookup | undefined; warn: Warn },
): Promise<readonly Window[]> {
  const { ids, window } = await network.tokenizer();
  const embedding = (name: string): Promise<Tensor | undefined> => fittingRows(name, network, from);
  return packWindows(await tokenGroups(text, { ids, embedding, warn: from.warn }), window);
}

/** Features `[1, tokens, width]` of windows in one row, and the pooled vector of the first `[1, width]`. */
async function features(network: TextNetworkParts, windows: readonly Window[], layer: number | undefined) {
  const { window } = await network.tokenizer();
  const weighted = windows.flat().some(({ weight }) => weight !== 1);
  const all = weighted ? [...windows, ...packWindows([], window)] : windows;
  const { states, pooled } = await textStates(await network.session(), all, { choice: network.layers, layer });
  const own = sliceBatch(states, 0, windows.length);
  const result = weighted ? weightedFeatures(own, sliceBatch(states, windows.length, 1), windows) : own;
  return { tokens: inOneRow(result), pooled: network.pooled && pooled !== undefined ? sliceBatch(pooled, 0, 1) : undefined };
}

/** Fills up with windows of an empty prompt. */
async function filledTo(windows: readonly Window[], count: number, network: TextNetworkParts): Promise<readonly Window[]> {
  const { window } = await network.tokenizer();
  return [...windows, ...Array.from({ length: count - windows.length }, () => packWindows([], window)).flat()];
}

/** Prompts → conditioning, with weights, embeddings, and windows of any number put side by side along the tokens. */
export function textEncoder({ networks, embeddings: lookup, layer }: TextEncoderParts): TextEncoder {
  const [first, second] = networks;
  const encodeOne = async (text: string, warn: Warn) => {
    const encoded = await Promise.all(
      networks.map(async (network) => features(network, await windowsOf(text, network, { lookup, warn }), layer)),
    );
    return joined(encoded);
  };
  const encodePair = async ({ l, g }: PromptPair, warn: Warn) => {
    if (second === undefined) {
      throw new GraphError(
        'bad-model',
        'Two prompts want the two text encoders of Stable Diffusion XL, but this model has one. Use “Text encoder” instead.',
        { place: { port: 'clip' } },
      );
    }
    const [short, long] = [await windowsOf(l, first, { lookup, warn }), await windowsOf(g, second, { lookup, warn })];
    const count = Math.max(short.length, long.length);
    return joined([
      await features(first, await filledTo(short, count, first), layer),
      await features(second, await filledTo(long, count, second), layer),
    ]);
  };
  return {
    async encode(prompt, warn) {
      // Both networks read the same prompt, but people want to be told once.
      const told = new Set<string>();
      const tell = (sentence: string): void => {
        if (told.has(sentence)) return;
        told.add(sentence);
        warn?.(sentence);
      };
      return [await (typeof prompt === 'string' ? encodeOne(prompt, tell) : encodePair(prompt, tell))];
    },
    async tokens(text) {
      const tokenizer = await first.tokenizer();
      const { begin, end, pad } = tokenizer.window;
      const windows = await windowsOf(text, first, { lookup, warn: () => undefined });
      return windows
        .flat()
        .flatMap(({ id, vector }, position) =>
          vector !== undefined || id === begin || id === end || id === pad ? [] : [{ text: tokenizer.word(id), position }],
        );
    },
    async stopAt(wanted) {
      for (const network of networks) requireLayer(await network.session(), network.layers, wanted);
      return textEncoder({ networks, ...(lookup && { embeddings: lookup }), layer: wanted });
    },
  };
}

type Features = Awaited<ReturnType<typeof features>>;

function joined(encoded: readonly Features[]): { tokens: Tensor; pooled?: Tensor } {
  const [tokens, ...others] = encoded.map((one) => one.tokens);
  if (tokens === undefined) throw new GraphError('internal', 'A text encoder has a network.');
  const pooled = encoded.findLast((one) => one.pooled !== undefined)?.pooled;
  return { tokens: others.reduce(sideBySide, tokens), ...(pooled && { pooled }) };
}
