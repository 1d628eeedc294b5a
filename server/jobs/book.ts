import { isFinal, type JobSnapshot, type PreviewHeader, type RunEvent, type StateEvent } from '../../workflows/protocol.ts';
import { JobLog, type LogEntry } from './log.ts';
import type { Beginning } from './progress.ts';
import { Recordings } from './recordings.ts';

/** Who hears of all jobs at once. Called on the spot: must not throw and must not wait. */
export interface JobListener {
  event(entry: LogEntry): void;
  preview(preview: JobPreview): void;
}

/** The newest preview of a running job, packed for the socket. */
export interface JobPreview {
  readonly header: PreviewHeader;
  readonly frame: Uint8Array;
}

/** How much of finished jobs is kept. */
export interface BookBounds {
  readonly finished: number;
  readonly finishedBytes: number;
  readonly logEvents: number;
  readonly recordingBytes: number;
}

/** The logs of all jobs. Beyond its bounds the oldest finished ones are dropped; `onDrop` hears their ids. */
export class JobBook {
  readonly #bounds: BookBounds;
  readonly #onDrop: (id: string) => void;
  readonly #logs = new Map<string, JobLog>();
  readonly #finished = new Map<string, JobLog>();
  readonly #previews = new Map<string, JobPreview>();
  readonly #listeners = new Set<JobListener>();
  #finishedBytes = 0;
  /** The recorded steps of jobs that are known. */
  readonly recordings: Recordings;

  constructor(bounds: BookBounds, onDrop: (id: string) => void) {
    this.#bounds = bounds;
    this.recordings = new Recordings(bounds.recordingBytes);
    this.#onDrop = onDrop;
  }

  /** Begins a log, unless there is one; its first event is to follow. */
  open(id: string, beginning: Beginning): boolean {
    if (this.#logs.has(id)) return false;
    this.#logs.set(id, new JobLog(id, beginning, this.#bounds.logEvents));
    return true;
  }

  /** Takes back an opening. */
  discard(id: string): void {
    this.#logs.delete(id);
  }

  log(id: string): JobLog | undefined {
    return this.#logs.get(id);
  }

  /** Newest first. */
  snapshots(limit: number): readonly JobSnapshot[] {
    return [...this.#logs.values()]
      .slice(-limit)
      .reverse()
      .map((log) => log.snapshot());
  }

  /** Those that wait or run, oldest first, at most `limit`. */
  unfinished(limit: number): readonly JobSnapshot[] {
    return [...this.#logs.values()]
      .filter(({ state }) => !isFinal(state))
      .slice(0, limit)
      .map((log) => log.snapshot());
  }

  /** Notes an event and tells everybody. Nothing is added to a job that has ended or is not known. */
  note(id: string, event: RunEvent | StateEvent): void {
    const log = this.#logs.get(id);
    if (log === undefined || isFinal(log.state)) return;
    const entry = log.append(event);
    if (event.type === 'finished' && this.#previews.get(id)?.header.node === event.node) this.#previews.delete(id);
    if (isFinal(log.state)) this.#finish(id, log);
    for (const listener of this.#listeners) listener.event(entry);
  }

  /** Keeps the newest preview of a running job and tells everybody. */
  preview(preview: JobPreview): void {
    const log = this.#logs.get(preview.header.job);
    if (log?.state !== 'running') return;
    this.#previews.set(preview.header.job, preview);
    for (const listener of this.#listeners) listener.preview(preview);
  }

  lastPreview(id: string): JobPreview | undefined {
    return this.#previews.get(id);
  }

  /** Forgets a job that has ended. */
  forget(id: string): void {
    const log = this.#finished.get(id);
    if (log !== undefined) this.#drop(id, log);
  }

  listen(listener: JobListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #finish(id: string, log: JobLog): void {
    this.#previews.delete(id);
    this.#finished.set(id, log);
    this.#finishedBytes += log.bytes;
    for (const [old, oldest] of this.#finished) {
      const within = this.#finished.size <= this.#bounds.finished && this.#finishedBytes <= this.#bounds.finishedBytes;
      if (within || old === id) return;
      this.#drop(old, oldest);
      this.#onDrop(old);
    }
  }

  #drop(id: string, { bytes }: JobLog): void {
    this.#finished.delete(id);
    this.#logs.delete(id);
    this.recordings.forget(id);
    this.#finishedBytes -= bytes;
  }
}
