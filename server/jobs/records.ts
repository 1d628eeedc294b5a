import { GraphError } from '../../nodes/kit/index.ts';
import type { JobSnapshot, StateEvent } from '../../workflows/protocol.ts';
import { seqOfStart } from './elsewhere.ts';
import type { Beginning } from './progress.ts';
import type { JobRecord, WaitingJob } from './store.ts';

/** A job of the store as it stood at its end, or as little as is known of it before. */
export function recordedSnapshot(record: JobRecord | undefined): JobSnapshot | undefined {
  if (record === undefined || record.snapshot !== undefined) return record?.snapshot;
  const { id, title, state, created, started } = record;
  const begun = started === undefined ? {} : { started };
  return { id, title, safe: true, state, created, ...begun, nodes: {}, outputs: [], problems: [], seq: 0 };
}

/** An id that stands for something else already. */
export const duplicate = (id: string): GraphError =>
  new GraphError('duplicate-id', `The job ${id} exists already, with other content. Give the new job another id.`);

/** As many jobs wait as may. */
export const full = (): GraphError =>
  new GraphError('busy', 'The queue is full. Wait until some jobs are done, or cancel some, and try again.');

/** How a job goes on that a former process left. */
export const beginningOf = ({ title, created, starts }: WaitingJob): Beginning => ({
  title,
  created,
  safe: true,
  seq: starts * seqOfStart,
});

/** What is told first of a job that a former process left, at its place in the queue. */
export function takenUp({ starts, paused }: WaitingJob, position: number): StateEvent {
  const why = starts === 0 ? {} : { reason: 'The server ended while this job ran, so it runs again.' };
  return { type: 'state', at: Date.now(), ...why, ...(paused ? { state: 'paused' } : { state: 'queued', position }) };
}

/** While nothing can stand in the store, what is on its way there is all that waits. */
export const arriving = (unfinished: readonly JobSnapshot[]): readonly WaitingJob[] =>
  unfinished
    .filter(({ state }) => state !== 'running')
    .map(({ id, title = '', created }) => ({ id, title, created, paused: false, priority: 0, starts: 0 }));
