import { hostname } from 'node:os';
import type { DeviceStatus, WorkerSummary } from '../../workflows/protocol.ts';
import type { ModelPart } from '../engine/models/named-files.ts';
import { thisProcess } from '../files/this-process.ts';
import type { Member, Presence } from './store.ts';

/** What this host is made of. */
export interface PresenceParts {
  readonly kind: Presence['kind'];
  readonly devices: () => readonly DeviceStatus[];
  readonly models: () => Presence['models'];
  readonly parts: () => readonly ModelPart[];
  /** Of a server: see {@link Presence.folders}. */
  readonly folders?: string;
}

/** Tells, whenever it is asked, what this host is and can do. */
export function presenceOf({ kind, devices, models, parts, folders }: PresenceParts): () => Presence {
  const place = thisProcess();
  return () => ({
    kind,
    name: hostname(),
    ...(folders === undefined ? {} : { folders }),
    process: place,
    devices: devices(),
    models: kind === 'server' ? own(models(), devices()) : fitting(own(models(), devices()), devices()),
    parts: kind === 'server' ? ownParts(parts(), devices()) : fitting(ownParts(parts(), devices()), devices()),
  });
}

/** The models of a host; one without a device runs none. */
const own = (models: Presence['models'], devices: readonly DeviceStatus[]): Presence['models'] =>
  devices.length === 0 ? [] : models.map(({ name, family, bytes, sizes }) => ({ name, family, bytes, ...(sizes ? { sizes } : {}) }));

const ownParts = (parts: readonly ModelPart[], devices: readonly DeviceStatus[]): readonly ModelPart[] =>
  devices.length === 0 ? [] : parts.map(({ kind, name, bytes }) => ({ kind, name, bytes }));

/** Those that fit into the largest device of a worker; one whose memory is not bounded takes all. */
function fitting<T extends { readonly bytes: number }>(models: readonly T[], devices: readonly DeviceStatus[]): readonly T[] {
  const room = Math.max(0, ...devices.map(({ memory = Number.POSITIVE_INFINITY }) => memory));
  return models.filter(({ bytes }) => bytes <= room);
}

/** A host as pages see it. */
export const workerSummary = ({ id, kind, name, devices, models, parts = [], jobs }: Member, me: string): WorkerSummary => ({
  id,
  kind,
  name,
  devices,
  models: models.map((model) => model.name),
  parts: parts.map((part) => ({ kind: part.kind, name: part.name })),
  jobs,
  here: id === me,
});
