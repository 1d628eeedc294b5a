import { parse, stringify } from 'lossless-json';
import { GraphError } from '../nodes/kit/index.ts';
import { cleanJson, type Json } from './clean.ts';
import { scanJson } from './json-scan.ts';

/**
 * Parses JSON without rounding: integers beyond 2^53 become bigint. Bare `NaN` and `Infinity`, which Python writes, become
 * null; names that reach into prototypes are left out. Throws `bad-document` with line and column, or `too-large`.
 */
export function parseJson(text: string): Json {
  const scanned = scanJson(text.startsWith('\uFEFF') ? text.slice(1) : text);
  try {
    return cleanJson(parse(scanned, undefined, { parseNumber: parseExact }));
  } catch (thrown) {
    if (thrown instanceof GraphError) throw thrown;
    throw broken(thrown, scanned);
  }
}

/** JSON text; bigint as bare digits. `indent` is a number of spaces. */
export function stringifyJson(value: unknown, indent = 0): string {
  const text = stringify(value, undefined, indent === 0 ? undefined : indent);
  if (text === undefined) throw new GraphError('internal', 'Expected a value that JSON can hold, got nothing.');
  return text;
}

/** Up to 40 digits are kept exactly; longer ones are no seeds, and reading them would cost more than they are worth. */
function parseExact(digits: string): number | bigint {
  const value = Number(digits);
  if (Number.isSafeInteger(value) || digits.length > 40 || !/^-?\d+$/.test(digits)) return value;
  return BigInt(digits);
}

function broken(thrown: unknown, text: string): GraphError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const position = Number(/at position (\d+)/.exec(reason)?.[1] ?? 0);
  const { line, column } = placeOf(text, position);
  const what = reason.replace(/\s*at position \d+/, '');
  const message = `This is not valid JSON: line ${line}, column ${column}: ${what}. Correct the file there, or save it again.`;
  return new GraphError('bad-document', message, { cause: thrown });
}

/** Line and column of a place in a text, counted from 1. */
function placeOf(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: position - lineStart + 1 };
}
