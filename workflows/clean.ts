import { GraphError } from '../nodes/kit/index.ts';
import { limits, tooLarge } from './limits.ts';

/** JSON as it is in memory here: integers beyond 2^53 are bigint. */
export type Json = string | number | bigint | boolean | null | readonly Json[] | JsonRecord;

/** An object of JSON that this project built itself: no prototype tricks, own keys only. */
export interface JsonRecord {
  readonly [name: string]: Json | undefined;
}

/** Is this an object with names, not a list and not null? */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Is this such an object among JSON values? */
export const isJsonRecord = (value: Json | undefined): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Is this a list among JSON values? */
export const isJsonList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** Would this name reach into a prototype, or shadow a method that every object has? */
export const isTreacherous = (name: string): boolean => name === 'prototype' || name in Object.prototype;

/**
 * Rebuilds anything as plain JSON: own keys only, names that reach into prototypes left out, what is not JSON becomes
 * null. Throws `too-large` when it is too deep, too big, or goes round in a circle.
 */
export function cleanJson(value: unknown): Json {
  const budget = { containers: limits.containers };
  return rebuild(value, budget, 0);
}

function rebuild(value: unknown, budget: { containers: number }, depth: number): Json {
  switch (typeof value) {
    case 'string':
      if (value.length > limits.text) throw tooLarge('characters in one text', value.length, limits.text);
      return value;
    case 'boolean':
    case 'bigint':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : null;
    case 'object':
      return value === null ? null : rebuildContainer(value, budget, depth);
    default:
      return null;
  }
}

function rebuildContainer(value: object, budget: { containers: number }, depth: number): Json {
  if (depth >= limits.depth) throw tooDeep();
  budget.containers -= 1;
  if (budget.containers < 0) throw tooLarge('objects and lists', limits.containers + 1, limits.containers);
  if (Array.isArray(value)) return Array.from(value, (item) => rebuild(item, budget, depth + 1));
  const copy: Record<string, Json> = {};
  for (const [name, item] of Object.entries(value)) {
    if (!isTreacherous(name) && item !== undefined) copy[name] = rebuild(item, budget, depth + 1);
  }
  return copy;
}

/** The error for objects nested in each other without end. */
export const tooDeep = (): GraphError =>
  new GraphError('too-large', `The document nests objects more than ${limits.depth} levels deep; no workflow needs that.`);
