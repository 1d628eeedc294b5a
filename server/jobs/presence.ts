import { hostname } from 'node:os';
import type { DeviceStatus, WorkerSummary } from '../../workflows/protocol.ts';
import { thisProcess } from '../files/this-process.ts';
import type { Member, Presence } from './store.ts';

/** What this host is made of. */
export interface PresenceParts {
  readonly kind: Presence['kind'];
  readonly devices: () => readonly DeviceStatus[];
  readonly models: () => Presence['models'];
}

/** Tells, whenever it is asked, what this host is and can do. */
export function presenceOf({ kind, devices, models }: PresenceParts): () => Presence {
  const place = thisProcess();
  return () => ({
    kind,
    name: hostname(),
    process: place,
    devices: devices(),
    models: kind === 'server' ? own(models(), devices()) : fitting(own(models(), devices()), devices()),
  });
}

/** The models of a host; one without a device runs none. */
const own = (models: Presence['models'], devices: readonly DeviceStatus[]): Presence['models'] =>
  devices.length === 0 ? [] : models.map(({ name, family, bytes, sizes }) => ({ name, family, bytes, ...(sizes ? { sizes } : {}) }));

/** Those that fit into the largest device of a worker; one whose memory is not bounded takes all. */
function fitting(models: Presence['models'], devices: readonly DeviceStatus[]): Presence['models'] {
  const room = Math.max(0, ...devices.map(({ memory = Number.POSITIVE_INFINITY }) => memory));
  return models.filter(({ bytes }) => bytes <= room);
}

/** A host as pages see it. */
export const workerSummary = ({ id, kind, name, devices, models, jobs }: Member, me: string): WorkerSummary => ({
  id,
  kind,
  name,
  devices,
  models: models.map((model) => model.name),
  jobs,
  here: id === me,
});
