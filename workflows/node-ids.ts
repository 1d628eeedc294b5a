import { isTreacherous, type Json } from './clean.ts';
import type { Warnings } from './warnings.ts';

/** An id as a saved graph holds it, with the text by which the file's wires refer to it. */
export interface AssignedId {
  readonly id: number | string;
  /** Absent for the second bearer of an id: wires mean the first. */
  readonly reference?: string;
}

/** An id that is safe as a key, or undefined. `"7"` and `7` are the same id. */
export function safeId(raw: Json | undefined): number | string | undefined {
  if (typeof raw === 'number') return Number.isSafeInteger(raw) && raw >= 0 ? raw : undefined;
  if (typeof raw !== 'string' || !/^[\w.:-]{1,64}$/.test(raw) || isTreacherous(raw)) return undefined;
  const digits = /^(0|[1-9]\d{0,14})$/.test(raw);
  return digits ? Number(raw) : raw;
}

/** Gives each node an id of its own: the file's where it is safe and unused, else the next free number. */
export function assignIds(raw: readonly (Json | undefined)[], warnings: Warnings): readonly AssignedId[] {
  const safe = raw.map(safeId);
  let last = safe.reduce<number>((max, id) => (typeof id === 'number' && id > max ? id : max), 0);
  const used = new Set<string>();
  const references = new Set<string>();
  return safe.map((id, index) => {
    const reference = referenceOf(raw[index]);
    const first = reference !== undefined && !references.has(reference);
    if (first) references.add(reference);
    const own = id !== undefined && !used.has(String(id)) ? id : ++last;
    used.add(String(own));
    if (own !== id) warnAbout(id, own, warnings);
    return first ? { id: own, reference } : { id: own };
  });
}

/** How wires of a file name a node. */
export const referenceOf = (raw: Json | undefined): string | undefined =>
  typeof raw === 'number' || typeof raw === 'string' || typeof raw === 'bigint' ? String(raw) : undefined;

function warnAbout(id: number | string | undefined, own: number | string, warnings: Warnings): void {
  const place = { node: String(own) };
  if (id === undefined) warnings.add('bad-document', `A node came without a usable id; it is node ${own} now.`, place);
  else warnings.add('duplicate-id', `Two nodes have the id ${id}; the second one is node ${own} now and its wires may be lost.`, place);
}
