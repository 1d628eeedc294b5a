import { categories, type ImageFile, type NodeSpec, type PortSpec, type Problem, problemCodes } from '../nodes/kit/index.ts';
import { isRecord } from '../workflows/index.ts';
import type { ServerMessage } from '../workflows/protocol.ts';
import { ConnectionError } from './connection.ts';

const messageTypes: readonly string[] = [
  'welcome',
  'device',
  'accepted',
  'rejected',
  'snapshot',
  'unknown-job',
  'event',
  'queue',
  'catalogue',
  'workers',
  'loaded',
  'pong',
] satisfies readonly ServerMessage['type'][];

const isServerMessage = (value: unknown): value is ServerMessage =>
  isRecord(value) && typeof value.type === 'string' && messageTypes.includes(value.type);

/** Reads a text frame of the socket; undefined for what this version does not know. */
export function readServerMessage(text: string): ServerMessage | undefined {
  try {
    const raw: unknown = JSON.parse(text);
    return isServerMessage(raw) ? raw : undefined;
  } catch {
    return undefined;
  }
}

const isProblem = (value: unknown): value is Problem =>
  isRecord(value) && typeof value.message === 'string' && problemCodes.some((code) => code === value.code);

/** The problems of a refusal; empty for anything else. */
export const readProblems = (raw: unknown): readonly Problem[] => (Array.isArray(raw) ? raw.filter(isProblem) : []);

const isPort = (value: unknown): value is PortSpec =>
  isRecord(value) && typeof value.name === 'string' && typeof value.type === 'string' && typeof value.help === 'string';

const isPorts = (value: unknown): value is readonly PortSpec[] => Array.isArray(value) && value.every(isPort);

const isSpec = (value: unknown): value is NodeSpec =>
  isRecord(value) &&
  typeof value.type === 'string' &&
  typeof value.title === 'string' &&
  typeof value.version === 'number' &&
  categories.some((category) => category === value.category) &&
  isPorts(value.inputs) &&
  isPorts(value.outputs);

/** Reads `GET /v1/nodes`; nodes of a kind that this version does not know are left out. */
export function readNodeSpecs(raw: unknown): readonly NodeSpec[] {
  if (isRecord(raw) && Array.isArray(raw.nodes)) return raw.nodes.filter(isSpec);
  throw new ConnectionError('The server sent no list of nodes. Is there another program at this address, or another version of this one?');
}

const isImageFile = (value: unknown): value is ImageFile =>
  isRecord(value) &&
  (value.folder === 'input' || value.folder === 'output' || value.folder === 'preview') &&
  typeof value.name === 'string' &&
  typeof value.width === 'number' &&
  typeof value.height === 'number';

/** Reads the answer to an upload. */
export function readImageFile(raw: unknown): ImageFile {
  if (isImageFile(raw)) return raw;
  throw new ConnectionError('The server did not say under which name it keeps the picture. Try again.');
}
