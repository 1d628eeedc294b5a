/** A piece of a prompt and how much it counts; 1 is plain. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

const nested = 1.1;
// Escaped parentheses stand as private-use characters while the others are read.
const open = '\ue000';
const close = '\ue001';

/** Cuts at the outermost parentheses; unbalanced ones stay in the text. */
function outermost(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let current = '';
  for (const char of text) {
    if (char === '(' && depth++ === 0) {
      parts.push(current);
      current = '';
    }
    current += char;
    if (char === ')' && --depth === 0) {
      parts.push(current);
      current = '';
    }
  }
  return [...parts, current].filter((part) => part !== '');
}

/** `words:1.3` sets 1.3; without a number the weight around it is multiplied. */
function innerWeight(inner: string, around: number): WeightedText {
  const colon = inner.lastIndexOf(':');
  const figure = colon > 0 ? inner.slice(colon + 1).trim() : '';
  const weight = figure === '' ? Number.NaN : Number(figure);
  return Number.isFinite(weight) ? { text: inner.slice(0, colon), weight } : { text: inner, weight: around * nested };
}

function weigh(text: string, weight: number): WeightedText[] {
  return outermost(text).flatMap((part) => {
    if (!(part.length > 1 && part.startsWith('(') && part.endsWith(')'))) return [{ text: part, weight }];
    const inner = innerWeight(part.slice(1, -1), weight);
    return weigh(inner.text, inner.weight);
  });
}

/**
 * Reads `(words)` as ×1.1, nesting multiplied, `(words:1.3)` as exactly 1.3 and `\(`, `\)` as plain parentheses; square
 * brackets mean nothing. This is the notation ComfyUI's users write.
 */
export function readWeights(prompt: string): readonly WeightedText[] {
  const escaped = prompt.replaceAll('\\(', open).replaceAll('\\)', close);
  return weigh(escaped, 1).map(({ text, weight }) => ({ text: text.replaceAll(open, '(').replaceAll(close, ')'), weight }));
}

/** One token with its weight. */
export interface WeightedToken {
  readonly id: number;
  readonly weight: number;
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
  const plain = (id: number): WeightedToken => ({ id, weight: 1 });
  const padding = Array.from({ length: length - body.length - 2 }, () => plain(pad));
  return [plain(begin), ...body, plain(end), ...padding];
}
