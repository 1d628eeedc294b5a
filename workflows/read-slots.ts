import type { NodeSpec, PortSpec } from '../nodes/kit/index.ts';
import { isJsonList, isJsonRecord, type Json, type JsonRecord } from './clean.ts';
import { limits } from './limits.ts';
import { referenceOf } from './node-ids.ts';
import { socketPorts } from './node-types.ts';
import type { GraphNode, NodeId } from './types.ts';
import { isSafeName } from './values.ts';

/** A slot as the file has it; `links` are the ids of its wires as text. */
export interface FileSlot {
  readonly name: string;
  readonly type: string;
  readonly links: readonly string[];
}

/** A node that has been read but for its wires. */
export interface DraftNode {
  readonly key: NodeId;
  readonly node: Omit<GraphNode, 'inputs' | 'outputs'>;
  readonly spec: NodeSpec | undefined;
  readonly inputs: readonly FileSlot[];
  readonly outputs: readonly FileSlot[];
}

/** Reads the slots of one side of a node; what is not a slot keeps its place as an empty one. */
export function readSlots(raw: Json | undefined): readonly FileSlot[] {
  if (!isJsonList(raw)) return [];
  return raw.slice(0, limits.slots).map((slot) => (isJsonRecord(slot) ? readSlot(slot) : { name: '', type: '*', links: [] }));
}

/** A type as it may stand in a file: lists of choices are combos, what looks like mark-up is anything. */
export function readSlotType(raw: Json | undefined): string {
  if (isJsonList(raw)) return 'COMBO';
  return typeof raw === 'string' && /^[\w*,.:/ -]{1,100}$/.test(raw) ? raw : '*';
}

/**
 * Which input of a known node a slot of the file means: the one of that name, else the one at that place among the
 * wired inputs if no other slot bears its name. An index into the inputs of the catalogue.
 */
export function knownInput(spec: NodeSpec, slots: readonly FileSlot[], at: number): number | undefined {
  const byName = indexByName(spec.inputs, slots[at]?.name);
  if (byName !== undefined) return byName;
  const port = socketPorts(spec)[at];
  return port !== undefined && isUnclaimed(port, slots) ? spec.inputs.indexOf(port) : undefined;
}

/** The same for outputs. */
export function knownOutput(spec: NodeSpec, slots: readonly FileSlot[], at: number): number | undefined {
  const byName = indexByName(spec.outputs, slots[at]?.name);
  if (byName !== undefined) return byName;
  const port = spec.outputs[at];
  return port !== undefined && isUnclaimed(port, slots) ? at : undefined;
}

function readSlot(slot: JsonRecord): FileSlot {
  const name = typeof slot.name === 'string' && isSafeName(slot.name) ? slot.name : '';
  const refs = isJsonList(slot.links) ? slot.links : [slot.link];
  return { name, type: readSlotType(slot.type), links: refs.map(referenceOf).filter((ref) => ref !== undefined) };
}

function indexByName(ports: readonly PortSpec[], name: string | undefined): number | undefined {
  if (name === undefined || name === '') return undefined;
  const exact = ports.findIndex((port) => port.name === name);
  if (exact >= 0) return exact;
  const alike = ports.findIndex((port) => port.name.toLowerCase() === name.toLowerCase());
  return alike >= 0 ? alike : undefined;
}

const isUnclaimed = (port: PortSpec, slots: readonly FileSlot[]): boolean =>
  !slots.some((slot) => slot.name.toLowerCase() === port.name.toLowerCase());
