import type { Addition, JobStore, QueuedJob, WaitingJob } from './store.ts';

/** How much may wait. */
export interface QueueBounds {
  readonly queued: number;
  readonly queuedBytes: number;
}

/** A queue that lives as long as its process. Documents are dropped as soon as a job is taken, digests when it is forgotten. */
export class MemoryJobStore implements JobStore {
  readonly #bounds: QueueBounds;
  readonly #digests = new Map<string, string>();
  readonly #waiting = new Map<string, { job: QueuedJob; paused: boolean }>();
  #bytes = 0;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  async add(job: QueuedJob): Promise<Addition> {
    const known = this.#known(job.id, job.digest);
    if (known !== undefined) return known;
    if (this.#waiting.size >= this.#bounds.queued || this.#bytes + job.bytes > this.#bounds.queuedBytes) return 'full';
    this.#digests.set(job.id, job.digest);
    this.#waiting.set(job.id, { job, paused: false });
    this.#bytes += job.bytes;
    return 'added';
  }

  async find(id: string, digest: string): Promise<'same' | 'other' | undefined> {
    return this.#known(id, digest);
  }

  async take(): Promise<QueuedJob | undefined> {
    for (const { job, paused } of this.#waiting.values()) {
      if (paused) continue;
      this.#remove(job);
      return job;
    }
    return undefined;
  }

  async withdraw(id: string): Promise<boolean> {
    const entry = this.#waiting.get(id);
    if (entry !== undefined) this.#remove(entry.job);
    return entry !== undefined;
  }

  async hold(id: string, paused: boolean): Promise<boolean> {
    const entry = this.#waiting.get(id);
    if (entry !== undefined) entry.paused = paused;
    return entry !== undefined;
  }

  async waiting(): Promise<readonly WaitingJob[]> {
    return [...this.#waiting].map(([id, { paused }]) => ({ id, paused }));
  }

  async forget(id: string): Promise<void> {
    this.#digests.delete(id);
  }

  #known(id: string, digest: string): 'same' | 'other' | undefined {
    const known = this.#digests.get(id);
    if (known === undefined) return undefined;
    return known === digest ? 'same' : 'other';
  }

  #remove(job: QueuedJob): void {
    this.#waiting.delete(job.id);
    this.#bytes -= job.bytes;
  }
}
