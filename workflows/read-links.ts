import { isJsonList, isJsonRecord, type Json } from './clean.ts';
import { describeNode } from './describe.ts';
import { referenceOf } from './node-ids.ts';
import { type DraftNode, knownInput, knownOutput, readSlotType } from './read-slots.ts';
import type { Warnings } from './warnings.ts';

/** A wire whose both ends exist. `output` and `input` are indices into the catalogue's ports, or into the file's slots of a placeholder. */
export interface Wire {
  readonly id: number;
  readonly from: DraftNode;
  readonly output: number;
  readonly to: DraftNode;
  readonly input: number;
  readonly type: string;
}

/** A wire as the file has it, before it is known whether its ends exist. */
interface FileLink {
  readonly ref: string;
  readonly origin: string;
  readonly originSlot: number;
  readonly target: string;
  readonly targetSlot: number;
  readonly type: string;
}

/** The nodes of a file by the name its wires use. */
export type DraftsByReference = ReadonlyMap<string, DraftNode>;

/** Checks every wire from both ends, mends those with one end where only one meaning is possible, and drops the rest. */
export function readWires(raw: readonly Json[], drafts: DraftsByReference, warnings: Warnings): readonly Wire[] {
  const listed = raw.map((link) => readFileLink(link, warnings)).filter((link) => link !== undefined);
  const links = [...listed, ...unlistedLinks(listed, drafts, warnings)];
  const taken = new Set<string>();
  const nextId = idSource(links);
  const wires: Wire[] = [];
  for (const link of links) {
    const ends = joinEnds(link, drafts, warnings);
    if (ends === undefined) continue;
    const target = `${ends.to.key}\n${ends.input}`;
    if (taken.has(target)) warnDropped(warnings, ends.to, `has two wires on one input; the second one was dropped.`);
    else {
      taken.add(target);
      wires.push({ id: nextId(link.ref), ...ends });
    }
  }
  return wires.sort((a, b) => a.id - b.id);
}

function readFileLink(raw: Json, warnings: Warnings): FileLink | undefined {
  const parts = isJsonList(raw)
    ? raw
    : isJsonRecord(raw)
      ? [raw.id, raw.origin_id, raw.origin_slot, raw.target_id, raw.target_slot, raw.type]
      : [];
  const [ref, origin, target] = [referenceOf(parts[0]), referenceOf(parts[1]), referenceOf(parts[3])];
  const [originSlot, targetSlot] = [readSlotIndex(parts[2]), readSlotIndex(parts[4])];
  if (ref === undefined || origin === undefined || target === undefined || originSlot === undefined || targetSlot === undefined) {
    warnings.add('bad-link', 'An entry of the list of wires is not a wire; it was dropped.');
    return undefined;
  }
  return { ref, origin, originSlot, target, targetSlot, type: readSlotType(parts[5]) };
}

/** Wires that the list lacks, but that exactly one output and one input agree on. */
function unlistedLinks(listed: readonly FileLink[], drafts: DraftsByReference, warnings: Warnings): readonly FileLink[] {
  const known = new Set(listed.map((link) => link.ref));
  const origins = new Map<string, { origin: string; slot: number; type: string; count: number }>();
  for (const [origin, draft] of drafts) {
    draft.outputs.forEach((output, slot) => {
      for (const ref of output.links) {
        const before = origins.get(ref);
        origins.set(ref, { origin, slot, type: output.type, count: (before?.count ?? 0) + 1 });
      }
    });
  }
  const found: FileLink[] = [];
  for (const [target, draft] of drafts) {
    for (const [targetSlot, input] of draft.inputs.entries()) {
      const ref = input.links[0];
      if (ref === undefined || known.has(ref)) continue;
      const source = origins.get(ref);
      known.add(ref);
      if (source?.count === 1) found.push({ ref, origin: source.origin, originSlot: source.slot, target, targetSlot, type: source.type });
      else warnDropped(warnings, draft, `names a wire ${ref.slice(0, 20)} that does not exist; it was dropped.`);
    }
  }
  return found;
}

function joinEnds(link: FileLink, drafts: DraftsByReference, warnings: Warnings): Omit<Wire, 'id'> | undefined {
  const from = drafts.get(link.origin);
  const to = drafts.get(link.target);
  if (from === undefined || to === undefined) {
    const lost = from === undefined ? link.origin : link.target;
    warnings.add('bad-link', `A wire leads to node ${lost.slice(0, 64)}, which is not in the file; it was dropped.`);
    return undefined;
  }
  const slot = targetSlot(link, to);
  const input = slot === undefined ? undefined : to.spec ? knownInput(to.spec, to.inputs, slot) : slot in to.inputs ? slot : undefined;
  if (input === undefined) {
    const name = to.inputs[slot ?? link.targetSlot]?.name ?? link.targetSlot;
    return warnDropped(warnings, to, `has no free input “${name}”; the wire to it was dropped.`);
  }
  const at = link.originSlot;
  const output = from.spec ? knownOutput(from.spec, from.outputs, at) : at in from.outputs ? at : undefined;
  if (output === undefined) {
    return warnDropped(warnings, from, `has no output “${from.outputs[at]?.name ?? at}”; the wire from it was dropped.`);
  }
  const own = from.spec?.outputs[output]?.type ?? from.outputs[output]?.type;
  return { from, output, to, input, type: own === undefined || own === '*' ? link.type : own };
}

/** The slot that names this wire if there is just one, else the slot the wire names if that is free. */
function targetSlot(link: FileLink, to: DraftNode): number | undefined {
  const naming = to.inputs.flatMap((slot, index) => (slot.links.includes(link.ref) ? [index] : []));
  if (naming.length === 1) return naming[0];
  const slot = to.inputs[link.targetSlot];
  const free = slot === undefined || slot.links.length === 0 || slot.links.includes(link.ref);
  return free ? link.targetSlot : undefined;
}

function readSlotIndex(raw: Json | undefined): number | undefined {
  const value = typeof raw === 'string' && /^\d{1,4}$/.test(raw) ? Number(raw) : raw;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Keeps the file's ids where they are safe and unused, else gives the next free ones. */
function idSource(links: readonly FileLink[]): (ref: string) => number {
  const safe = (ref: string): number | undefined => (/^[1-9]\d{0,8}$/.test(ref) ? Number(ref) : undefined);
  let last = links.reduce((max, link) => Math.max(max, safe(link.ref) ?? 0), 0);
  const used = new Set<number>();
  return (ref) => {
    const own = safe(ref);
    const id = own !== undefined && !used.has(own) ? own : ++last;
    used.add(id);
    return id;
  };
}

function warnDropped(warnings: Warnings, draft: DraftNode, what: string): undefined {
  warnings.add('bad-link', `${describeNode(draft.node, draft.spec)} ${what}`, { node: draft.key });
  return undefined;
}
