import { type EmbeddingLookup, tokenGroups } from '../../../nodes/diffusion/prompt-embeddings.ts';
import { inOneRow, sideBySide, weightedFeatures } from '../../../nodes/diffusion/prompt-features.ts';
import { packWindows, type WeightedToken } from '../../../nodes/diffusion/prompt-weights.ts';
import { GraphError, type PromptPair, sliceBatch, type Tensor, type TextEncoder } from '../../../nodes/kit/index.ts';
import type { Session } from './inference-backend.ts';
import { type ExportedLayers, featuresOf, pooledOf, requireLayer, type WantedLayer } from './text-features.ts';
import { embeddingWidth, textFeeds } from './text-feeds.ts';
import type { PromptTokenizer } from './tokenizer.ts';

/** One network that encodes prompts, with its tokenizer; both are opened on first use. */
export interface TextNetwork extends Partial<ExportedLayers> {
  readonly tokenizer: () => Promise<PromptTokenizer>;
  readonly session: () => Promise<Session>;
}

/** What CLIP on a wire is made of. */
export interface TextEncoderParts {
  /** Their features are put side by side; of SDXL's two the smaller comes first. */
  readonly networks: readonly TextNetwork[];
  /** Which layer is used unless a node says otherwise. */
  readonly layer: WantedLayer;
  /** Does the model want a vector for the whole prompt? It is that of the last network. */
  readonly pooled: boolean;
  /** What the networks are called in files of embeddings, in order, and how to find one; absent where there is no folder of them. */
  readonly embeddings?: { readonly names: readonly string[]; readonly lookup: EmbeddingLookup };
}

type Window = readonly WeightedToken[];
type Warn = (sentence: string) => void;

/** Where a network finds embeddings, and who is told of what cannot be used. */
interface Trained {
  readonly find: (name: string) => Promise<Tensor | undefined>;
  readonly warn: Warn;
}

/** Rows of an embedding for a network; undefined, with a warning where there is one that does not fit. */
async function fittingRows(name: string, network: TextNetwork, { find, warn }: Trained): Promise<Tensor | undefined> {
  const rows = await find(name);
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
async function windowsOf(text: string, network: TextNetwork, trained: Trained): Promise<readonly Window[]> {
  const { ids, window } = await network.tokenizer();
  const embedding = (name: string): Promise<Tensor | undefined> => fittingRows(name, network, trained);
  return packWindows(await tokenGroups(text, { ids, embedding, warn: trained.warn }), window);
}

/** Features `[1, tokens, width]` of one network, and the prompt's vector `[1, width]` where the network gives one. */
interface Encoded {
  readonly tokens: Tensor;
  readonly pooled: Tensor | undefined;
}

async function encodeWith(network: TextNetwork, windows: readonly Window[], layer: WantedLayer): Promise<Encoded> {
  const { window } = await network.tokenizer();
  const weighted = windows.flat().some(({ weight }) => weight !== 1);
  const all = weighted ? [...windows, ...packWindows([], window)] : windows;
  const session = await network.session();
  const outputs = await session.run(textFeeds(session, all));
  const states = featuresOf(outputs, layer, layersOf(network));
  const own = sliceBatch(states, 0, windows.length);
  const result = weighted ? weightedFeatures(own, sliceBatch(states, windows.length, 1), windows) : own;
  const pooled = pooledOf(outputs);
  return { tokens: inOneRow(result), pooled: pooled && sliceBatch(pooled, 0, 1) };
}

/** What an export says nothing of is as in Stable Diffusion 1 and XL. */
const layersOf = ({ missingLayers = 0, normalisedLayer = 1 + missingLayers }: TextNetwork): ExportedLayers => ({
  missingLayers,
  normalisedLayer,
});

/** Fills up with windows of an empty prompt. */
async function filledTo(windows: readonly Window[], count: number, network: TextNetwork): Promise<readonly Window[]> {
  const { window } = await network.tokenizer();
  return [...windows, ...Array.from({ length: count - windows.length }, () => packWindows([], window)).flat()];
}

/** What each network is to read: the same prompt, or of a pair one each. */
function readings(prompt: string | PromptPair, networks: readonly TextNetwork[]): readonly string[] {
  if (typeof prompt === 'string') return networks.map(() => prompt);
  if (networks.length === 2) return [prompt.l, prompt.g];
  throw new GraphError(
    'bad-model',
    'Two prompts want the two text encoders of Stable Diffusion XL, but this model has one. Use “Text encoder” instead.',
    { place: { port: 'clip' } },
  );
}

/** Passes each sentence on once: two networks read the same prompt. */
function tellOnce(warn: Warn | undefined): Warn {
  const told = new Set<string>();
  return (sentence) => {
    if (told.has(sentence)) return;
    told.add(sentence);
    warn?.(sentence);
  };
}

/** Prompts → conditioning, with weights, embeddings, and windows of any number put side by side along the tokens. */
export function textEncoder(parts: TextEncoderParts): TextEncoder {
  const { networks, layer, embeddings } = parts;
  const finder =
    (index: number): Trained['find'] =>
    async (name) =>
      embeddings?.lookup(name, embeddings.names[index] ?? '');
  return {
    async encode(prompt, warn) {
      const tell = tellOnce(warn);
      const texts = readings(prompt, networks);
      const windows: (readonly Window[])[] = [];
      for (const [i, network] of networks.entries()) {
        windows.push(await windowsOf(texts[i] ?? '', network, { find: finder(i), warn: tell }));
      }
      const most = typeof prompt === 'string' ? 0 : Math.max(...windows.map(({ length }) => length));
      const encoded: Encoded[] = [];
      for (const [i, network] of networks.entries()) {
        const own = windows[i] ?? [];
        encoded.push(await encodeWith(network, await filledTo(own, Math.max(most, own.length), network), layer));
      }
      const pooled = parts.pooled ? encoded.at(-1)?.pooled : undefined;
      return [{ tokens: encoded.map(({ tokens }) => tokens).reduce(sideBySide), ...(pooled && { pooled }) }];
    },
    async tokens(text) {
      const [network] = networks;
      if (network === undefined) return [];
      const tokenizer = await network.tokenizer();
      const { begin, end, pad } = tokenizer.window;
      const windows = await windowsOf(text, network, { find: finder(0), warn: () => undefined });
      return windows
        .flat()
        .flatMap(({ id, vector }, position) =>
          vector !== undefined || id === begin || id === end || id === pad ? [] : [{ text: tokenizer.word(id), position }],
        );
    },
    async atLayer(fromLast) {
      const wanted = { ...layer, fromLast };
      for (const network of networks) requireLayer((await network.session()).outputs, wanted, layersOf(network));
      return textEncoder({ ...parts, layer: wanted });
    },
  };
}
