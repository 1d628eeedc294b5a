import { isJsonList, isJsonRecord, type Json, type JsonRecord } from './clean.ts';
import { limits } from './limits.ts';
import type { GraphGroup, GraphNode } from './types.ts';

/** The largest distance from the origin, in graph units. */
const farthest = 10_000_000;

/** The drawing of a node: all of it but type, slots and values. */
export type Frame = Pick<GraphNode, 'pos' | 'size' | 'flags' | 'order' | 'mode' | 'title' | 'color' | 'bgcolor'>;

/** Reads the drawing of a node; `index` is its place in the file, for what is missing. */
export function readFrame(raw: JsonRecord, index: number): Frame {
  return {
    pos: readPair(raw.pos, [-farthest, farthest]) ?? [40 * (index % 50), 40 * (index % 50)],
    size: readPair(raw.size, [40, 8000]) ?? [210, 80],
    flags: readFlags(raw.flags),
    order: isIndex(raw.order) ? raw.order : index,
    mode: raw.mode === 2 || raw.mode === 4 ? raw.mode : 0,
    ...optional('title', readName(raw.title)),
    ...optional('color', readColor(raw.color)),
    ...optional('bgcolor', readColor(raw.bgcolor)),
  };
}

/** Reads a group; undefined if it has no usable bounds. */
export function readGroup(raw: Json): GraphGroup | undefined {
  if (!isJsonRecord(raw) || !isJsonList(raw.bounding)) return undefined;
  const corner = readPair(raw.bounding.slice(0, 2), [-farthest, farthest]);
  const size = readPair(raw.bounding.slice(2, 4), [10, farthest]);
  if (corner === undefined || size === undefined) return undefined;
  const font = raw.font_size;
  return {
    title: readName(raw.title) ?? 'Group',
    bounding: [...corner, ...size],
    ...optional('color', readColor(raw.color)),
    ...(typeof font === 'number' && font >= 8 && font <= 96 ? { font_size: font } : {}),
  };
}

/** Two finite numbers, from `[x, y]` or `{"0": x, "1": y}` as typed arrays are written, held within the range. */
export function readPair(raw: Json | undefined, [min, max]: readonly [number, number]): readonly [number, number] | undefined {
  const [x, y] = isJsonList(raw) ? raw : isJsonRecord(raw) ? [raw['0'], raw['1']] : [];
  if (typeof x !== 'number' || typeof y !== 'number') return undefined;
  const hold = (value: number): number => Math.min(max, Math.max(min, value)) || 0;
  return [hold(x), hold(y)];
}

/** A title or name: text without control characters, not empty, cut to length. */
export function readName(raw: Json | undefined): string | undefined {
  if (typeof raw !== 'string') return undefined;
  const name = raw
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, limits.name);
  return name === '' ? undefined : name;
}

/** Is this a whole number from 0? */
export const isIndex = (raw: Json | undefined): raw is number => typeof raw === 'number' && Number.isSafeInteger(raw) && raw >= 0;

function readFlags(raw: Json | undefined): Frame['flags'] {
  if (!isJsonRecord(raw)) return {};
  return { ...(raw.collapsed === true ? { collapsed: true } : {}), ...(raw.pinned === true ? { pinned: true } : {}) };
}

function readColor(raw: Json | undefined): string | undefined {
  return typeof raw === 'string' && /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(raw) ? raw : undefined;
}

/** An object with one name, or with none when there is no value. */
function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  const entries: { [P in K]?: V } = {};
  if (value !== undefined) entries[name] = value;
  return entries;
}
