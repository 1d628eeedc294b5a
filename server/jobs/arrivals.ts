import type { DirectJob } from './dispatcher.ts';
import type { Addition, JobRequest, QueuedJob } from './store.ts';

/** Requests are kept beside the store up to this size of their documents together, so that they need not be read again. */
const keptBytes = 8 * 1024 * 1024;

interface Entry {
  readonly direct: DirectJob;
  readonly addition: Promise<Addition>;
  claimed: boolean;
  sent: boolean;
}

/** A job on its way into the store. */
export interface Arrival {
  readonly direct: DirectJob;
  readonly addition: Promise<Addition>;
  /** It runs here already. */
  claim(): void;
}

/** Jobs that are being stored, and the requests of those that were sent a short while ago. */
export class Arrivals {
  readonly #entries = new Map<string, Entry>();
  readonly #requests = new Map<string, { readonly request: JobRequest; readonly bytes: number }>();
  #bytes = 0;

  /** Sends a job to the store; `send` is given what tells, at the last moment, whether the job runs here already. */
  add(job: QueuedJob, send: (claimed: () => boolean) => Promise<Addition>): Arrival {
    const { id, source, request } = job;
    this.#keep(job);
    const asked = (): boolean => {
      const entry = this.#entries.get(id);
      if (entry === undefined) return false;
      entry.sent = true;
      return entry.claimed;
    };
    // The store asks later than now, so that whoever calls can still claim the job.
    const addition = Promise.resolve().then(() => send(asked));
    const stored = addition.then(
      (result) => result === 'added',
      () => false,
    );
    const entry: Entry = { direct: { job: { id, source, request, starts: 0 }, stored }, addition, claimed: false, sent: false };
    this.#entries.set(id, entry);
    void stored.finally(() => this.#entries.delete(id));
    const claim = (): void => {
      entry.claimed = true;
    };
    return { direct: entry.direct, addition, claim };
  }

  /** Claims the first job that the store has not been asked to take yet. */
  next(): DirectJob | undefined {
    for (const entry of this.#entries.values()) {
      if (entry.claimed || entry.sent) continue;
      entry.claimed = true;
      return entry.direct;
    }
    return undefined;
  }

  /** Waits until a job is stored or refused. */
  async stored(id: string): Promise<void> {
    await this.#entries.get(id)?.direct.stored;
  }

  /** The request of a job that was sent here not long ago. */
  take(id: string): JobRequest | undefined {
    const kept = this.#requests.get(id);
    if (kept === undefined) return undefined;
    this.#requests.delete(id);
    this.#bytes -= kept.bytes;
    return kept.request;
  }

  #keep({ id, bytes, request }: QueuedJob): void {
    if (bytes + this.#bytes > keptBytes) return;
    this.#requests.set(id, { request, bytes });
    this.#bytes += bytes;
  }
}
