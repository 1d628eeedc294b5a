import { GraphError } from '../nodes/kit/index.ts';

/** What a document may hold at most. Generous for people, fatal for a bomb. */
export const limits = {
  nodes: 20_000,
  links: 100_000,
  groups: 1_000,
  /** Slots on one side of a node that is not in the catalogue. */
  slots: 256,
  /** Properties of one node, or entries of its `widgets_values`. */
  values: 512,
  /** Characters of one text value. */
  text: 1_000_000,
  /** Characters of a title or a name. */
  name: 200,
  /** Characters of a whole document. */
  document: 32 * 1024 * 1024,
  /** Objects and lists in a whole document. */
  containers: 800_000,
  /** Objects and lists within each other. */
  depth: 64,
  /** Warnings that are listed one by one. */
  warnings: 100,
} as const;

/** A `too-large` error that names the thing, how many came, and how many are allowed. */
export function tooLarge(what: string, came: number, allowed: number): GraphError {
  return new GraphError(
    'too-large',
    `The document has ${count(came)} ${what}; at most ${count(allowed)} are allowed. Split it into smaller ones.`,
  );
}

/** Throws `too-large` beyond the limit. */
export function limit(what: 'nodes' | 'links' | 'groups', came: number): void {
  if (came > limits[what]) throw tooLarge(what, came, limits[what]);
}

const count = (value: number): string => value.toLocaleString('en-US');
