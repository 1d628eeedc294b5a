import { z } from 'zod';
import { type JobSnapshot, jobStates } from '../../workflows/protocol.ts';
import type { JobRecord, Member, Presence, Standing, TakenJob, WaitingJob } from '../jobs/store.ts';
import type { Row } from './database.ts';

// Drivers give counts as numbers, as text or as bigint, depending on their size and on the driver.
const count = z.coerce.number();

const Waiting = z.object({
  id: z.string(),
  state: z.enum(['queued', 'paused']),
  priority: count,
  title: z.string(),
  created: count,
  starts: count,
});

const Taken = z.object({ id: z.string(), source: z.string(), starts: count, title: z.string(), created: count });

const Kept = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(jobStates),
  priority: count,
  created: count,
  started: count.nullable(),
  ended: count.nullable(),
  worker: z.string().nullable(),
  source: z.string(),
  snapshot: z.string().nullable(),
});

/** A job that waits. */
export function waitingJob(row: Row): WaitingJob {
  const { state, ...job } = Waiting.parse(row);
  return { ...job, paused: state === 'paused' };
}

/** A job that was taken just now; it was started once less than its row says. */
export function takenJob(row: Row): TakenJob {
  const { starts, ...job } = Taken.parse(row);
  return { ...job, starts: starts - 1 };
}

const Stands = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(jobStates),
  priority: count,
  created: count,
  starts: count,
  worker: z.string().nullable(),
});

/** Where a job stands. */
export function standing(row: Row): Standing {
  const { worker, ...job } = Stands.parse(row);
  return { ...job, ...(worker === null ? {} : { worker }) };
}

const Host = z.object({ id: z.string(), about: z.string(), jobs: z.array(z.string()) });

/** A host; what it tells of itself was written by this program. */
export function member(row: Row): Member {
  const { id, about, jobs } = Host.parse(row);
  const presence: Presence = JSON.parse(about);
  return { ...presence, id, jobs };
}

/** The snapshot was written by this program. */
function snapshotFrom(text: string): JobSnapshot {
  const snapshot: JobSnapshot = JSON.parse(text);
  return snapshot;
}

/** A job with all that is kept of it. */
export function jobRecord(row: Row): JobRecord {
  const { started, ended, worker, snapshot, ...rest } = Kept.parse(row);
  return {
    ...rest,
    ...(started === null ? {} : { started }),
    ...(ended === null ? {} : { ended }),
    ...(worker === null ? {} : { worker }),
    ...(snapshot === null ? {} : { snapshot: snapshotFrom(snapshot) }),
  };
}

/** A number in a column of a row. */
export const numberIn = (row: Row | undefined, column: string): number => count.catch(0).parse(row?.[column] ?? 0);

/** A text in a column of a row; undefined where there is none. */
export const textIn = (row: Row | undefined, column: string): string | undefined => {
  const value = row?.[column];
  return typeof value === 'string' ? value : undefined;
};
