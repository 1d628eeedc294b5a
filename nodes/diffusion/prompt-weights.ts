/** A piece of a prompt and how much it counts; 1 is plain. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

const nested = 1.1;
/** Parentheses within each other beyond this depth stay in the text. */
const deepest = 100;
const figure = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** Cuts at the outermost parentheses; unbalanced ones stay in the text. Units are single characters, or escaped parentheses. */
function outermost(units: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const unit of units) {
    if (unit === '(' && depth++ === 0) parts.push([]);
    parts.at(-1)?.push(unit);
    if (unit === ')' && --depth === 0) parts.push([]);
  }
  return parts.filter(({ length }) => length > 0);
}

/** `words:1.3` sets 1.3; without a number the weight around it is multiplied. */
function innerWeight(inner: readonly string[], around: number): { readonly units: readonly string[]; readonly weight: number } {
  const colon = inner.lastIndexOf(':');
  const text = inner.slice(colon + 1).join('');
  if (colon > 0 && figure.test(text)) return { units: inner.slice(0, colon), weight: Number(text) };
  return { units: inner, weight: around * nested };
}

const plain = (units: readonly string[]): string => units.map((unit) => unit.at(-1)).join('');

function weigh(units: readonly string[], weight: number, depth: number): WeightedText[] {
  return outermost(units).flatMap((part) => {
    const isGroup = part.length > 1 && part[0] === '(' && part.at(-1) === ')' && depth < deepest;
    if (!isGroup) return [{ text: plain(part), weight }];
    const inner = innerWeight(part.slice(1, -1), weight);
    return weigh(inner.units, inner.weight, depth + 1);
  });
}

/**
 * Reads `(words)` as ×1.1, nesting multiplied, `(words:1.3)` as exactly 1.3 and `\(`, `\)` as plain parentheses; square
 * brackets mean nothing. This is the notation ComfyUI's users write. Never throws.
 */
export function readWeights(prompt: string): readonly WeightedText[] {
  // Without the u flag: halves of a surrogate pair stay beside each other.
  return weigh(prompt.match(/\\[()]|[\s\S]/g) ?? [], 1, 0);
}

/** One token with its weight. A row of an embedding has `vector`, `[width]`, which stands in the place of the word's own. */
export interface WeightedToken {
  readonly id: number;
  readonly weight: number;
  readonly vector?: Float32Array;
}

/** The frame of a token window: `length` tokens with begin, end and padding. */
export interface TokenWindow {
  readonly length: number;
  readonly begin: number;
  readonly end: number;
  readonly pad: number;
}

const shortGroup = 8;

/**
 * Packs groups of tokens into windows `[begin, …, end, pad …]`. A group of fewer than 8 tokens is kept together and moves to the next
 * window; a longer one is split. There is always one window at least.
 */
export function packWindows(groups: readonly (readonly WeightedToken[])[], window: TokenWindow): readonly (readonly WeightedToken[])[] {
  const room = window.length - 2;
  const bodies: WeightedToken[][] = [[]];
  for (const group of groups) {
    let rest = group;
    while (rest.length > 0) {
      const body = bodies.at(-1) ?? [];
      const space = room - body.length;
      const fits = rest.length <= space;
      const take = fits ? rest.length : group.length >= shortGroup || rest.length > room ? space : 0;
      body.push(...rest.slice(0, take));
      rest = rest.slice(take);
      if (rest.length > 0) bodies.push([]);
    }
  }
  return bodies.map((body) => frame(body, window));
}

function frame(body: readonly WeightedToken[], { length, begin, end, pad }: TokenWindow): WeightedToken[] {
  const plainToken = (id: number): WeightedToken => ({ id, weight: 1 });
  const padding = Array.from({ length: length - body.length - 2 }, () => plainToken(pad));
  return [plainToken(begin), ...body, plainToken(end), ...padding];
}
