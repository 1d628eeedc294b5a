import type { RunRequest } from '../engine/types.ts';

/** What is run for a job; the engine gets it together with the id. */
export type JobRequest = Omit<RunRequest, 'job'>;

/** A job as it is queued. `digest` identifies its content, `bytes` is the size of its document. */
export interface QueuedJob {
  readonly id: string;
  readonly digest: string;
  readonly bytes: number;
  readonly request: JobRequest;
}

/** What became of an addition: `same` and `other` say that the id was known, with the same or with other content. */
export type Addition = 'added' | 'same' | 'other' | 'full';

/** A job that waits. */
export interface WaitingJob {
  readonly id: string;
  readonly paused: boolean;
}

/**
 * The queue. Every change is one atomic call, so that several dispatchers, or several hosts, may share one store; who
 * gets `true` or a job has it alone.
 */
export interface JobStore {
  add(job: QueuedJob): Promise<Addition>;
  /** Does the id stand, and for the same content? Undefined if it is not known. */
  find(id: string, digest: string): Promise<'same' | 'other' | undefined>;
  /** Takes the first job that is not paused; it no longer waits. */
  take(): Promise<QueuedJob | undefined>;
  /** Takes a waiting job out; false if it does not wait (any more). */
  withdraw(id: string): Promise<boolean>;
  /** Holds or releases a waiting job; false if it does not wait (any more). */
  hold(id: string, paused: boolean): Promise<boolean>;
  /** In order. */
  waiting(): Promise<readonly WaitingJob[]>;
  /** The id may be used again. */
  forget(id: string): Promise<void>;
}
