import type { Catalogue } from '../nodes/kit/index.ts';
import { isJsonList, isJsonRecord, type Json, type JsonRecord } from './clean.ts';
import { describeNode } from './describe.ts';
import { limit } from './limits.ts';
import { didYouMean } from './nearest.ts';
import { assignIds, referenceOf } from './node-ids.ts';
import { bareType, readType, specOfType } from './node-types.ts';
import { readName } from './read-frame.ts';
import type { Input, NodeId, Workflow, WorkflowNode } from './types.ts';
import { fromProperty, isLiteral, isSafeName } from './values.ts';
import type { Warnings } from './warnings.ts';

/** Is this the compact form, `{id: {class_type, inputs}}`, which ComfyUI calls API format? */
export const isCompact = (source: Json): source is JsonRecord =>
  isJsonRecord(source) && Object.values(source).some((node) => isJsonRecord(node ?? null) && isNode(node));

const isNode = (raw: Json | undefined): raw is JsonRecord => isJsonRecord(raw) && typeof raw.class_type === 'string';

/** What reading an input needs to know. */
interface Reading {
  readonly catalogue: Catalogue;
  readonly warnings: Warnings;
  /** The id of a node by the name the file's wires use. */
  readonly ids: ReadonlyMap<string, NodeId>;
}

/** Reads the compact form. Wires to nodes that do not exist are kept for `validate` to report. */
export function readCompact(source: JsonRecord, catalogue: Catalogue, warnings: Warnings): Workflow {
  const entries = Object.entries(source).flatMap(([id, raw]) => (isNode(raw) ? [{ id, raw }] : []));
  limit('nodes', entries.length);
  const lost = Object.keys(source).length - entries.length;
  if (lost > 0) warnings.add('bad-document', `${lost} entries are not nodes, for they have no class_type; they were left out.`);
  const assigned = assignIds(
    entries.map(({ id }) => id),
    warnings,
  );
  const ids = new Map(entries.map(({ id }, index) => [id, String(assigned[index]?.id ?? id)]));
  const nodes = new Map<NodeId, WorkflowNode>();
  for (const { id, raw } of entries) {
    const own = ids.get(id) ?? id;
    nodes.set(own, readNode(own, raw, { catalogue, warnings, ids }));
  }
  return { nodes };
}

function readNode(id: NodeId, raw: JsonRecord, reading: Reading): WorkflowNode {
  const type = bareType(readType(raw.class_type, reading.catalogue));
  const title = isJsonRecord(raw._meta) ? readName(raw._meta.title) : undefined;
  const node = { id, type, ...(title === undefined ? {} : { title }) };
  const inputs: Record<string, Input> = {};
  for (const [name, value] of Object.entries(isJsonRecord(raw.inputs) ? raw.inputs : {})) {
    const input = isSafeName(name) && value !== undefined ? readInput({ ...node, port: name }, value, reading) : undefined;
    if (input !== undefined) inputs[name] = input;
  }
  const mode = isJsonRecord(raw._meta) && (raw._meta.mode === 'mute' || raw._meta.mode === 'bypass') ? raw._meta.mode : 'always';
  return { ...node, mode, inputs };
}

type At = { readonly id: NodeId; readonly type: string; readonly title?: string; readonly port: string };

function readInput(at: At, raw: Json, reading: Reading): Input | undefined {
  const value = isJsonRecord(raw) && '__value__' in raw ? raw.__value__ : raw;
  if (value === null || value === undefined) return undefined;
  const place = { node: at.id, port: at.port };
  if (isJsonList(value) && value === raw) {
    const link = readLink(value, reading);
    if (link === undefined)
      reading.warnings.add(
        'bad-link',
        `${describeNode(at, specOfType(at.type, reading.catalogue))}, “${at.port}”: a wire is [node id, output index]; this one was dropped.`,
        place,
      );
    return link;
  }
  const spec = specOfType(at.type, reading.catalogue);
  const port = spec?.inputs.find(({ name }) => name === at.port);
  if (!isLiteral(value)) {
    reading.warnings.add(
      'bad-value',
      `${describeNode(at, specOfType(at.type, reading.catalogue))}, “${at.port}”: lists and objects are no values here; it was left out.`,
      place,
    );
    return undefined;
  }
  if (spec !== undefined && port === undefined) {
    const near = didYouMean(
      at.port,
      spec.inputs.map(({ name }) => name),
    );
    reading.warnings.add(
      'unknown-port',
      `${describeNode(at, specOfType(at.type, reading.catalogue))} has no input “${at.port}”; its value was left out.${near}`,
      place,
    );
    return undefined;
  }
  return { value: fromProperty(port, value) };
}

function readLink(raw: readonly Json[], reading: Reading): Input | undefined {
  const origin = referenceOf(raw[0]);
  const output = typeof raw[1] === 'string' && /^\d{1,4}$/.test(raw[1]) ? Number(raw[1]) : raw[1];
  if (raw.length !== 2 || origin === undefined || typeof output !== 'number' || !Number.isSafeInteger(output) || output < 0)
    return undefined;
  return { link: { node: reading.ids.get(origin) ?? origin.slice(0, 64), output } };
}
