import type { Catalogue } from '../nodes/kit/index.ts';
import { assemble } from './assemble.ts';
import { isJsonList, isJsonRecord, type Json, type JsonRecord } from './clean.ts';
import { limit } from './limits.ts';
import { type AssignedId, assignIds } from './node-ids.ts';
import { fileType, readType, specOfType } from './node-types.ts';
import { readExtra, warnOfVersions } from './read-extra.ts';
import { readFrame, readGroup } from './read-frame.ts';
import { readWires } from './read-links.ts';
import { type DraftNode, readSlots } from './read-slots.ts';
import { readForeignValues, readKnownValues } from './read-values.ts';
import type { GraphDocument, GraphGroup, GraphNode } from './types.ts';
import type { Warnings } from './warnings.ts';

/** Is this a saved graph of litegraph, of its forks or of ComfyUI's page? */
export const isLitegraph = (source: Json): source is JsonRecord => isJsonRecord(source) && isJsonList(source.nodes);

/**
 * Rebuilds a saved graph from allowed fields only: ids made safe and unique, slots matched by name, wires checked from
 * both ends. Types that are not in the catalogue stay as placeholders with slots, wires, values and place.
 */
export function readLitegraph(source: JsonRecord, catalogue: Catalogue, warnings: Warnings): GraphDocument {
  const rawNodes = readNodeList(source.nodes, warnings);
  const ids = assignIds(
    rawNodes.map((node) => node.id),
    warnings,
  );
  const drafts = rawNodes.map((raw, index) => readDraft(raw, { index, id: ids[index] ?? { id: index } }, catalogue));
  const wires = readWires(readLinkList(source.links), byReference(drafts, ids), warnings);
  const { nodes, links } = assemble(drafts, wires);
  warnOfVersions(source.extra, catalogue, warnings);
  warnOfSubgraphs(source, warnings);
  warnOfGroupNodes(nodes, warnings);
  return {
    last_node_id: nodes.reduce((max, { id }) => (typeof id === 'number' ? Math.max(max, id) : max), 0),
    last_link_id: links.at(-1)?.[0] ?? 0,
    nodes,
    links,
    groups: readGroups(source.groups),
    config: {},
    extra: readExtra(source.extra, nodes, catalogue),
    version: 0.4,
  };
}

function readNodeList(raw: Json | undefined, warnings: Warnings): readonly JsonRecord[] {
  const list = isJsonList(raw) ? raw : [];
  limit('nodes', list.length);
  const nodes = list.filter(isJsonRecord);
  const lost = list.length - nodes.length;
  if (lost > 0) warnings.add('bad-document', `${lost} entries of the list of nodes are not nodes; they were dropped.`);
  return nodes;
}

/** A list of wires, or an object of them by id, as litegraph holds them in memory. */
function readLinkList(raw: Json | undefined): readonly Json[] {
  const list = isJsonList(raw) ? raw : isJsonRecord(raw) ? Object.values(raw).filter((link) => link !== undefined) : [];
  limit('links', list.length);
  return list;
}

function readGroups(raw: Json | undefined): readonly GraphGroup[] {
  const list = isJsonList(raw) ? raw : [];
  limit('groups', list.length);
  return list.map(readGroup).filter((group) => group !== undefined);
}

function readDraft(raw: JsonRecord, place: { index: number; id: AssignedId }, catalogue: Catalogue): DraftNode {
  const type = readType(raw.type, catalogue);
  const spec = specOfType(type, catalogue);
  const { id } = place.id;
  const values = spec ? { properties: readKnownValues(raw, spec) } : readForeignValues(raw);
  return {
    key: String(id),
    node: { id, type: fileType(type, catalogue), ...readFrame(raw, place.index), ...values },
    spec,
    inputs: readSlots(raw.inputs),
    outputs: readSlots(raw.outputs),
  };
}

function byReference(drafts: readonly DraftNode[], ids: readonly AssignedId[]): ReadonlyMap<string, DraftNode> {
  const found = new Map<string, DraftNode>();
  drafts.forEach((draft, index) => {
    const reference = ids[index]?.reference;
    if (reference !== undefined) found.set(reference, draft);
  });
  return found;
}

/** ComfyUI's group nodes: types below `workflow/` whose insides lie in the file's extra. */
function warnOfGroupNodes(nodes: readonly GraphNode[], warnings: Warnings): void {
  const names = new Set(nodes.flatMap(({ type }) => /^workflow[/>](.+)/.exec(type)?.[1] ?? []));
  if (names.size === 0) return;
  const which = [...names].slice(0, 5).map((name) => `“${name.slice(0, 60)}”`);
  const message = `The file uses group nodes (${which.join(', ')}), which are not supported: each stands as a placeholder. Convert them back to nodes where the file was made (menu of the node), and save it again.`;
  warnings.add('unknown-node-type', message);
}

function warnOfSubgraphs(source: JsonRecord, warnings: Warnings): void {
  const definitions = isJsonRecord(source.definitions) ? source.definitions.subgraphs : undefined;
  if (!isJsonList(definitions) || definitions.length === 0) return;
  const names = definitions.flatMap((definition) =>
    isJsonRecord(definition) && typeof definition.name === 'string' ? [definition.name] : [],
  );
  const which = names
    .slice(0, 5)
    .map((name) => `“${name.slice(0, 60)}”`)
    .join(', ');
  const message = `The file holds subgraphs (${which}), which are not supported: each stands as a placeholder. Unpack them where the file was made, and save it again.`;
  warnings.add('unknown-node-type', message);
}
