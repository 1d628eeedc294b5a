import { isJsonRecord, type JsonRecord } from './clean.ts';
import { parseJson } from './json.ts';
import type { NodeId, PropertyValue } from './types.ts';

/** What one node of a run did; `values` are those that it got, defaults included, integers beyond 2^53 as digits. */
export interface NodeRecord {
  readonly type: string;
  /** Raised when the same inputs give other outputs than before. */
  readonly version: number;
  readonly values: Readonly<Record<string, PropertyValue>>;
  /** How long it took; missing while it had not ended, and for a cached one. */
  readonly ms?: number;
  readonly cached?: true;
}

/** What networks ran on. */
export interface RuntimeRecord {
  /** The version of ONNX Runtime. */
  readonly onnxruntime: string;
  /** Its execution provider. */
  readonly provider: string;
  readonly device: string;
  readonly precision?: string;
}

/** Everything that a picture depends on, as its run found it: the text `manifest` of a PNG, and part of a job's history. */
export interface RunManifest {
  readonly format: 1;
  /** Version of litegraph-diffusion. */
  readonly program: string;
  /** When the run began, ISO 8601. */
  readonly at: string;
  /** SHA-256 of the workflow's meaning, hexadecimal. */
  readonly workflow: string;
  /** The run was limited to what these nodes need. */
  readonly targets?: readonly NodeId[];
  readonly nodes: Readonly<Record<NodeId, NodeRecord>>;
  /** SHA-256 of each file of each model, by model and path. */
  readonly models: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly runtime: RuntimeRecord;
  /** Which of the pictures that the run saved this is, counted from 1. */
  readonly picture?: number;
}

const texts = (value: unknown): Record<string, string> =>
  typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
    : {};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function readNode(raw: JsonRecord): NodeRecord {
  const values: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(isJsonRecord(raw.values) ? raw.values : {})) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') values[name] = value;
    else if (typeof value === 'bigint') values[name] = String(value);
  }
  return {
    type: text(raw.type),
    version: typeof raw.version === 'number' ? raw.version : 1,
    values,
    ...(typeof raw.ms === 'number' ? { ms: raw.ms } : {}),
    ...(raw.cached === true ? { cached: true } : {}),
  };
}

const recordsOf = (raw: unknown): [string, JsonRecord][] =>
  typeof raw === 'object' && raw !== null
    ? Object.entries(raw).filter((entry): entry is [string, JsonRecord] => isJsonRecord(entry[1]))
    : [];

/** Reads the text `manifest` of a picture; undefined if there is nothing in it that can be used. */
export function readManifest(source: string): RunManifest | undefined {
  const raw = parseJson(source);
  if (!isJsonRecord(raw) || raw.format !== 1) return undefined;
  const runtime = texts(raw.runtime);
  const { onnxruntime = '', provider = '', device = '', precision } = runtime;
  const targets = Array.isArray(raw.targets) ? raw.targets.filter((id): id is string => typeof id === 'string') : undefined;
  return {
    format: 1,
    program: text(raw.program),
    at: text(raw.at),
    workflow: text(raw.workflow),
    ...(targets === undefined ? {} : { targets }),
    nodes: Object.fromEntries(recordsOf(raw.nodes).map(([id, node]) => [id, readNode(node)])),
    models: Object.fromEntries(recordsOf(raw.models).map(([name, files]) => [name, texts(files)])),
    runtime: { onnxruntime, provider, device, ...(precision === undefined ? {} : { precision }) },
    ...(typeof raw.picture === 'number' ? { picture: raw.picture } : {}),
  };
}
