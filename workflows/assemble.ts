import type { Wire } from './read-links.ts';
import type { DraftNode } from './read-slots.ts';
import type { GraphInput, GraphLink, GraphNode, GraphOutput } from './types.ts';

/** One input slot of a finished node: `port` is its index among the catalogue's inputs, or among a placeholder's slots. */
interface Slot {
  readonly port: number;
  readonly name: string;
  readonly type: string;
  readonly link: number | null;
}

/** Puts nodes and wires together: a known node gets the catalogue's slots, its values only those that are wired. */
export function assemble(
  drafts: readonly DraftNode[],
  wires: readonly Wire[],
): { nodes: readonly GraphNode[]; links: readonly GraphLink[] } {
  const into = groupBy(wires, (wire) => wire.to);
  const outOf = groupBy(wires, (wire) => wire.from);
  const slots = new Map(drafts.map((draft) => [draft, inputSlots(draft, into.get(draft) ?? [])]));
  const nodes = drafts.map((draft): GraphNode => {
    const inputs = (slots.get(draft) ?? []).map(({ name, type, link }): GraphInput => ({ name, type, link }));
    return { ...draft.node, inputs, outputs: outputSlots(draft, outOf.get(draft) ?? []) };
  });
  const links = wires.map((wire): GraphLink => {
    const slot = (slots.get(wire.to) ?? []).findIndex(({ port }) => port === wire.input);
    return [wire.id, wire.from.node.id, wire.output, wire.to.node.id, slot, wire.type];
  });
  return { nodes, links };
}

function inputSlots(draft: DraftNode, wires: readonly Wire[]): readonly Slot[] {
  const linkOf = new Map(wires.map((wire) => [wire.input, wire.id]));
  const ports = draft.spec?.inputs ?? draft.inputs;
  const slots = ports.map(({ name, type }, port): Slot => ({ port, name, type, link: linkOf.get(port) ?? null }));
  const { spec } = draft;
  if (spec === undefined) return slots;
  const isSocket = (slot: Slot): boolean => spec.inputs[slot.port]?.widget === undefined;
  return [...slots.filter(isSocket), ...slots.filter((slot) => !isSocket(slot) && slot.link !== null)];
}

function outputSlots(draft: DraftNode, wires: readonly Wire[]): readonly GraphOutput[] {
  const links = groupBy(wires, (wire) => wire.output);
  const ports = draft.spec?.outputs ?? draft.outputs;
  return ports.map(({ name, type }, port) => ({ name, type, links: (links.get(port) ?? []).map((wire) => wire.id) }));
}

function groupBy<K, V>(items: readonly V[], key: (item: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
