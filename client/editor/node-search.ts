import type { Category, NodeSpec } from '../../nodes/kit/index.ts';
import { fuzzyFilter } from './fuzzy.ts';

/** What the shelves of the library are called. */
export const shelves: Readonly<Record<Category, string>> = {
  model: 'Model',
  text: 'Text',
  schedule: 'Schedule',
  sample: 'Sampling',
  latent: 'Latent',
  vae: 'VAE',
  image: 'Image',
  mask: 'Mask',
  graph: 'Graph',
};

const names = ({ title, type, category }: NodeSpec): readonly string[] => [title, type, shelves[category]];

const wordsIn = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** What a node is for: its other words, and its ports. */
const purpose = ({ keywords = [], inputs, outputs }: NodeSpec): readonly string[] =>
  [...keywords, ...[...inputs, ...outputs].flatMap(({ name, label = '', type }) => [name, label, type])].flatMap(wordsIn);

const begins = (words: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((part) => words.some((word) => word.startsWith(part)));

/** Words shorter than this begin too many others in running text. */
const leastInHelp = 4;

/** How a node answers a query: as one of its other words, by its name, by what it is for, by letters of its name in order, by its help. The lower the better. */
function rankOf(spec: NodeSpec, wanted: readonly string[], fuzzy: boolean): number | undefined {
  if (spec.title.toLowerCase() === wanted.join(' ') || spec.keywords?.includes(wanted.join(' '))) return -1;
  if (begins(wordsIn(spec.title), wanted) || begins(wordsIn(spec.type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')), wanted)) return 0;
  if (begins((spec.keywords ?? []).flatMap(wordsIn), wanted)) return 1;
  if (begins([...purpose(spec), ...wordsIn(spec.title)], wanted)) return 2;
  if (fuzzy) return 3;
  return wanted.every((part) => part.length >= leastInHelp) && begins(wordsIn(spec.help), wanted) ? 4 : undefined;
}

/** Nodes that fit what is typed, best first: by name, by words for what they do, by their ports and their help. An empty query keeps the order. */
export function findNodes(query: string, specs: readonly NodeSpec[]): readonly NodeSpec[] {
  const wanted = wordsIn(query);
  if (wanted.length === 0) return specs;
  const near = fuzzyFilter(query, specs, names);
  const place = new Map(near.map((spec, index) => [spec, index]));
  return specs
    .flatMap((spec) => {
      const rank = rankOf(spec, wanted, place.has(spec));
      return rank === undefined ? [] : [{ spec, rank, at: place.get(spec) ?? near.length }];
    })
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ spec }) => spec);
}
