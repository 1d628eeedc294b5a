import { tooDeep } from './clean.ts';
import { limits, tooLarge } from './limits.ts';

const backslash = 0x5c;
const quotation = 0x22;

/**
 * Looks over JSON text before it is parsed, in one pass: refuses what is too deep or holds too many objects, and turns the
 * bare `NaN` and `Infinity` that Python writes into `null`.
 */
export function scanJson(text: string): string {
  if (text.length > limits.document) throw tooLarge('characters', text.length, limits.document);
  const bare: [number, number][] = [];
  let depth = 0;
  let containers = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quotation) i = endOfString(text, i);
    else if (isOpening(code)) {
      depth += 1;
      containers += 1;
      if (depth > limits.depth) throw tooDeep();
      if (containers > limits.containers) throw tooLarge('objects and lists', containers, limits.containers);
    } else if (isClosing(code)) depth -= 1;
    else if (isBareStart(code)) {
      const word = bareWord(text, i);
      if (word > 0) {
        bare.push([i, word]);
        i += word - 1;
      }
    }
  }
  return withNulls(text, bare);
}

const isOpening = (code: number): boolean => code === 0x7b || code === 0x5b;
const isClosing = (code: number): boolean => code === 0x7d || code === 0x5d;
/** `N`, `I` or `-`. */
const isBareStart = (code: number): boolean => code === 0x4e || code === 0x49 || code === 0x2d;

function endOfString(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === backslash) i += 1;
    else if (code === quotation) return i;
  }
  return i;
}

/** Length of the bare word at a place, 0 if there is none. */
function bareWord(text: string, at: number): number {
  for (const word of ['NaN', 'Infinity', '-Infinity', '-NaN']) if (text.startsWith(word, at)) return word.length;
  return 0;
}

function withNulls(text: string, bare: readonly (readonly [number, number])[]): string {
  if (bare.length === 0) return text;
  const parts: string[] = [];
  let from = 0;
  for (const [at, length] of bare) {
    parts.push(text.slice(from, at), 'null');
    from = at + length;
  }
  parts.push(text.slice(from));
  return parts.join('');
}
