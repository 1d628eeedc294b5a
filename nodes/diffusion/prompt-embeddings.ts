import type { Tensor } from '../kit/index.ts';
import { readWeights, type WeightedText, type WeightedToken } from './prompt-weights.ts';

/** Where a trained word (textual inversion, Gal et al. 2022) is named in a prompt. */
export interface NamedEmbedding {
  readonly embedding: string;
  /** What follows the name up to the next embedding. */
  readonly rest: string;
  readonly weight: number;
}

/** A piece of a prompt: words, or an embedding with the words behind it. */
export type PromptPiece = WeightedText | NamedEmbedding;

const mark = 'embedding:';

function pieceOf(text: string, weight: number): PromptPiece {
  const [name, ...rest] = text.startsWith(mark)
    ? text
        .slice(mark.length)
        .split(/\s+/)
        .filter((word) => word !== '')
    : [];
  return name === undefined ? { text, weight } : { embedding: name, rest: rest.join(' '), weight };
}

/** A prompt cut into words of one weight and embeddings; `embedding:name` counts at the start, and behind a space or a new line. */
export const promptPieces = (prompt: string): readonly PromptPiece[] =>
  readWeights(prompt).flatMap(({ text, weight }) =>
    text
      .split(/[ \n](?=embedding:)/)
      .filter((part) => part !== '')
      .map((part) => pieceOf(part, weight)),
  );

/** Finds the rows `[n, width]` of an embedding, or one row `[width]`, for a text network by its name in such files (`clip_l`, `clip_g`, `clip_h`). */
export type EmbeddingLookup = (name: string, network: string) => Promise<Tensor | undefined>;

/** What a prompt's tokens are made of. */
export interface PromptReader {
  /** Words to token ids, without begin and end. */
  readonly ids: (text: string) => readonly number[];
  /** The rows of an embedding that the network can take, or undefined with a warning. */
  readonly embedding: (name: string) => Promise<Tensor | undefined>;
  readonly warn: (sentence: string) => void;
}

// A row stands in for a word: the id itself is not looked at, but must be one that ends nothing.
const placeholder = 0;

const rowsOf = ({ dims, data }: Tensor, weight: number): WeightedToken[] => {
  const width = dims.at(-1) ?? 0;
  const count = width === 0 ? 0 : data.length / width;
  return Array.from({ length: count }, (_, row) => ({
    id: placeholder,
    weight,
    vector: data.subarray(row * width, (row + 1) * width),
  }));
};

/** An embedding's name without the commas that belong to the sentence around it. */
export const withoutCommas = (name: string): string => name.replace(/^,+|,+$/g, '');

/** An embedding by its name, or without the commas around it; what is left of the name goes on as words. */
async function found(piece: NamedEmbedding, reader: PromptReader): Promise<{ rows: WeightedToken[]; rest: string }> {
  const { embedding: name, rest, weight } = piece;
  const exact = await reader.embedding(name);
  if (exact !== undefined) return { rows: rowsOf(exact, weight), rest };
  const bare = withoutCommas(name);
  const near = bare === name || bare === '' ? undefined : await reader.embedding(bare);
  if (near === undefined)
    reader.warn(`There is no embedding “${bare || name}” that this text encoder can use; it is left out of the prompt.`);
  return { rows: near === undefined ? [] : rowsOf(near, weight), rest: bare === name ? rest : `${name.slice(bare.length)} ${rest}` };
}

/** Groups of tokens that are kept together: each piece of words, and the rows of each embedding. */
export async function tokenGroups(prompt: string, reader: PromptReader): Promise<readonly (readonly WeightedToken[])[]> {
  const groups: WeightedToken[][] = [];
  const words = (text: string, weight: number): void => {
    const ids = reader.ids(text);
    groups.push(ids.map((id) => ({ id, weight })));
  };
  for (const piece of promptPieces(prompt)) {
    if ('text' in piece) words(piece.text, piece.weight);
    else {
      const { rows, rest } = await found(piece, reader);
      groups.push(rows);
      if (rest !== '') words(rest, piece.weight);
    }
  }
  return groups.filter(({ length }) => length > 0);
}

const bundled = 'bundle_emb.';

/** Which tensors of an embedding's file are its rows for a network, one behind the other. Empty if there is none. */
export function embeddingTensors(names: readonly string[], network: string): readonly string[] {
  if (names.includes(network)) return [network];
  const ending = (end: string): readonly string[] => names.filter((name) => name.startsWith(bundled) && name.endsWith(end));
  const all = ending('.string_to_param.*');
  if (all.length > 0) return all;
  const own = ending(`.${network}`);
  return own.length > 0 ? own : names.slice(0, 1);
}
