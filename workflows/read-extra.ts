import type { Catalogue } from '../nodes/kit/index.ts';
import { mostAxes } from './batch/axes.ts';
import { isJsonList, isJsonRecord, type Json, type JsonRecord } from './clean.ts';
import { limits } from './limits.ts';
import { bareType } from './node-types.ts';
import { isIndex, readName, readPair } from './read-frame.ts';
import type { GraphNode, PropertyValue } from './types.ts';
import { isSafeName } from './values.ts';
import type { Warnings } from './warnings.ts';

/** The format of saved files that this code writes. */
export const documentFormat = 1;

type Extra = Record<string, PropertyValue>;

/** Reads what a file says of itself; `nodes` are the nodes that were read from it. */
export function readExtra(raw: Json | undefined, nodes: readonly Pick<GraphNode, 'type'>[], catalogue: Catalogue): Extra {
  const from = isJsonRecord(raw) ? raw : {};
  const extra: Extra = { format: documentFormat };
  set(extra, 'name', readName(from.name));
  for (const name of ['description', 'notes'] as const) set(extra, name, readText(from[name]));
  set(extra, 'fields', readFields(from.fields));
  set(extra, 'sweep', readSweep(from.sweep));
  if (from.record === true) extra.record = true;
  set(extra, 'versions', readVersions(from.versions, nodes, catalogue));
  set(extra, 'ds', readView(from.ds));
  return extra;
}

/** Warns of node types that work differently from the ones the file was made with. */
export function warnOfVersions(raw: Json | undefined, catalogue: Catalogue, warnings: Warnings): void {
  const from = isJsonRecord(raw) ? raw : {};
  if (isIndex(from.format) && from.format > documentFormat) {
    const message = `The file has format ${from.format}, this program writes format ${documentFormat}; parts of it may be lost. Update the program.`;
    warnings.add('bad-document', message);
  }
  for (const [type, version] of Object.entries(isJsonRecord(from.versions) ? from.versions : {})) {
    const now = catalogue.get(bareType(type))?.version;
    if (now === undefined || typeof version !== 'number' || version === now) continue;
    warnings.add(
      'bad-document',
      `The file was made with version ${version} of ${bareType(type)}, this is version ${now}: pictures may differ.`,
    );
  }
}

function readVersions(raw: Json | undefined, nodes: readonly Pick<GraphNode, 'type'>[], catalogue: Catalogue): Extra | undefined {
  const recorded: JsonRecord = isJsonRecord(raw) ? raw : {};
  const versions: Extra = {};
  for (const type of [...new Set(nodes.map((node) => bareType(node.type)))].sort()) {
    const version = catalogue.get(type)?.version ?? recorded[type];
    if (typeof version === 'number' && isSafeName(type)) versions[type] = version;
  }
  return Object.keys(versions).length === 0 ? undefined : versions;
}

function readFields(raw: Json | undefined): readonly string[] | undefined {
  if (!isJsonList(raw)) return undefined;
  const fields = raw.filter((field) => typeof field === 'string').filter((field) => /^[\w.:-]{1,64}\.[^.<>]{1,100}$/.test(field));
  return [...new Set(fields)].slice(0, limits.values);
}

/** Fields that a sweep varies, with their values as they are typed. */
function readSweep(raw: Json | undefined): readonly Extra[] | undefined {
  if (!isJsonList(raw)) return undefined;
  const axes = raw.filter(isJsonRecord).flatMap(({ field, values }) => {
    const [known] = readFields([field ?? null]) ?? [];
    return known !== undefined && typeof values === 'string' && values.length <= 10_000 ? [{ field: known, values }] : [];
  });
  return axes.length === 0 ? undefined : axes.slice(0, mostAxes);
}

function readView(raw: Json | undefined): Extra | undefined {
  if (!isJsonRecord(raw) || typeof raw.scale !== 'number') return undefined;
  const offset = readPair(raw.offset, [-1e7, 1e7]);
  return offset === undefined ? undefined : { scale: Math.min(10, Math.max(0.05, raw.scale)), offset };
}

const readText = (raw: Json | undefined): string | undefined =>
  typeof raw === 'string' && raw.trim() !== '' ? raw.slice(0, 20_000) : undefined;

function set(extra: Extra, name: string, value: PropertyValue | undefined): void {
  if (value !== undefined) extra[name] = value;
}
