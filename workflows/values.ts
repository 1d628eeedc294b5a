import type { Literal, Port } from '../nodes/kit/index.ts';
import { toBigInt } from '../nodes/kit/index.ts';
import { isJsonList, isJsonRecord, isTreacherous, type Json } from './clean.ts';
import { limits } from './limits.ts';
import type { PropertyValue } from './types.ts';

/** Is this a value that an input can hold? */
export const isLiteral = (value: unknown): value is Literal =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';

/** A value as a file keeps it: integers beyond 2^53 as digits, so that any JSON reader keeps them. */
export function toProperty(value: Literal): PropertyValue {
  if (typeof value === 'bigint') return fromBigInt(value);
  return typeof value === 'string' ? value.slice(0, limits.text) : value;
}

/** A value of a file as the run gets it: digits become exact integers where the port wants an integer. */
export function fromProperty(port: Port | undefined, value: Literal): Literal {
  const kind = port?.widget?.kind;
  if (kind !== 'seed' && kind !== 'int') return value;
  const exact = toBigInt(value);
  if (exact === undefined) return value;
  return isSafe(exact) ? Number(exact) : exact;
}

/** Any JSON as a property of a placeholder: names without mark-up, texts of bounded length. Undefined when nothing is left. */
export function toForeignProperty(value: Json): PropertyValue {
  if (value === null) return null;
  if (isLiteral(value)) return toProperty(value);
  if (isJsonList(value)) return value.slice(0, limits.values).map(toForeignProperty);
  const copy: Record<string, PropertyValue> = {};
  if (!isJsonRecord(value)) return null;
  for (const [name, item] of Object.entries(value).slice(0, limits.values)) {
    if (isSafeName(name) && item !== undefined) copy[name] = toForeignProperty(item);
  }
  return copy;
}

/** May this stand as the name of a property or a port? No mark-up, no line breaks, nothing that reaches into prototypes. */
export const isSafeName = (name: string): boolean => name.length <= limits.name && !isTreacherous(name) && /^[^<>"'`\p{Cc}]*$/u.test(name);

const isSafe = (value: bigint): boolean => value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);

const fromBigInt = (value: bigint): PropertyValue => (isSafe(value) ? Number(value) : String(value));
