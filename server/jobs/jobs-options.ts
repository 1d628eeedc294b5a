import type { Engine } from '../engine/types.ts';
import type { BookBounds } from './book.ts';
import type { JobRequest, Member, WaitingJob } from './store.ts';

/** What jobs are run with. */
export interface JobsOptions {
  readonly engines: readonly Engine[];
  readonly bounds: BookBounds;
  /** Reads again what was stored of a job; rejects where it cannot be run any more. */
  readonly read: (source: string) => Promise<JobRequest>;
  /** Has this host the models that a job needs? Without this it is taken for granted. */
  readonly hasModels?: (needs: readonly string[]) => boolean;
  /** The queue is held from the start. */
  readonly paused?: boolean;
  /** The queue could not be read or written. */
  readonly onTrouble?: (error: unknown) => void;
  /** The hosts that live on a shared queue, every few seconds. */
  readonly onMembers?: (members: readonly Member[]) => void;
  /** Told when the end of a job is stored. */
  readonly onStored?: (id: string) => void;
}

/** The queue as a whole. */
export interface QueueState {
  readonly paused: boolean;
  readonly waiting: readonly WaitingJob[];
}
