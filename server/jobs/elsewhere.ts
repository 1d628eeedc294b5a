import { isFinal, type JobSnapshot, type RecordedHeader, type RunEvent, type StateEvent } from '../../workflows/protocol.ts';
import type { JobBook, JobPreview } from './book.ts';
import type { JobStore, SharedQueue, Standing } from './store.ts';

/** Numbers of events go on from here times the number of earlier starts, so that they grow over restarts. */
export const seqOfStart = 1_000_000;

/** What is told here of jobs that other hosts sent or run. */
export interface ElsewhereParts {
  readonly shared: SharedQueue;
  readonly store: JobStore;
  readonly book: JobBook;
  /** Is it being run here? */
  readonly runs: (id: string) => boolean;
  /** Sees who is there. */
  readonly meet: () => Promise<void>;
  /** The queue was held, released or put in another order. */
  readonly onQueue: (paused: boolean) => void;
  /** The end of a job is stored. */
  readonly onEnded: (id: string) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Changes are looked up together after this, in ms. */
const gather = 20;

/** What other hosts do to a shared queue, told in this one's logs as if it had happened here. */
export class Elsewhere {
  readonly #parts: ElsewhereParts;
  readonly #changed = new Set<string>();
  /** Who runs a job, as far as it was asked. */
  readonly #runners = new Map<string, string>();
  /** Everything is to be looked up. */
  #whole = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: ElsewhereParts) {
    this.#parts = parts;
  }

  /** A job was changed; '' stands for the whole queue. */
  heard(id: string): void {
    this.#changed.add(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const ids = [...this.#changed];
      this.#changed.clear();
      this.#lookUp(ids).catch((thrown: unknown) => {
        if (!this.#closed) this.#parts.onTrouble(thrown);
      });
    }, gather);
  }

  /** Takes up what waits and what others run at present. */
  async start(): Promise<void> {
    for (const standing of await this.#parts.shared.elsewhere()) await this.#tell(standing);
  }

  /** Something may have changed unheard: everything that has not ended is looked up again. */
  missed(): void {
    this.#whole = true;
    this.heard('');
    for (const { id } of this.#parts.book.unfinished(Number.POSITIVE_INFINITY)) this.heard(id);
  }

  /** A worker has opened its socket here. */
  arrived(): Promise<void> {
    return this.#parts.meet();
  }

  /** Brings what is known here of a job up to date. */
  async know(id: string): Promise<void> {
    for (const standing of await this.#parts.shared.standings([id])) await this.#tell(standing);
  }

  /** Takes events in that a worker sent of a job; `first` begins a run. Those of a worker that does not run the job (any more) are dropped. */
  async take(
    worker: string,
    job: string,
    { first, events }: { first: boolean; events: readonly (RunEvent | StateEvent)[] },
  ): Promise<void> {
    const { book } = this.#parts;
    if ((first || this.#runners.get(job) !== worker) && !(await this.isRunBy(job, worker))) return;
    const log = book.log(job);
    if (log?.state !== 'running' || (first && Object.keys(log.snapshot().nodes).length > 0))
      book.note(job, { type: 'state', state: 'running', at: Date.now() });
    for (const event of events) book.note(job, event);
    if (!events.some((event) => event.type === 'state')) return;
    this.#runners.delete(job);
    if (log !== undefined && isFinal(log.state)) this.#parts.onEnded(job);
  }

  /** Does this worker run the job, by the queue's own account? */
  async isRunBy(job: string, worker: string): Promise<boolean> {
    const [standing] = await this.#parts.shared.standings([job]);
    if (standing?.state !== 'running' || standing.worker !== worker) return false;
    await this.#tell(standing);
    return true;
  }

  /** Takes a preview in from a worker that is known to run the job; others are dropped. */
  preview(worker: string, preview: JobPreview): void {
    if (this.#runners.get(preview.header.job) === worker) this.#parts.book.preview(preview);
  }

  /** Takes a recorded step in, in the same way. */
  recorded(worker: string, header: RecordedHeader, jpeg: Uint8Array): void {
    if (this.#runners.get(header.job) === worker) this.#parts.book.recordings.add(header, jpeg);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #lookUp(ids: readonly string[]): Promise<void> {
    const { shared, onQueue } = this.#parts;
    if (ids.includes('')) onQueue(await shared.isPaused());
    const whole = this.#whole;
    this.#whole = false;
    if (whole) await this.start();
    const jobs = ids.filter((id) => id !== '');
    if (jobs.length === 0) return;
    for (const standing of await shared.standings(jobs)) await this.#tell(standing, 'news');
  }

  /** `news`: it was changed just now, so that even one that is not known and has ended is told of. */
  async #tell(standing: Standing, news?: 'news'): Promise<void> {
    const { book, onEnded, runs, shared, store } = this.#parts;
    const { id, title, state, created, starts, worker } = standing;
    if (runs(id) || (state === 'running' && worker === shared.me)) return;
    if (worker !== undefined && state === 'running') this.#runners.set(id, worker);
    else this.#runners.delete(id);
    if (book.log(id) === undefined) {
      if (isFinal(state) && news === undefined) return;
      book.open(id, { title, created, safe: true, seq: starts * seqOfStart });
    }
    const log = book.log(id);
    if (log === undefined || isFinal(log.state) || (log.hasBegun && log.state === state)) return;
    const at = Date.now();
    // However late it is heard of, `queued` is its first event.
    if (state !== 'queued' && !log.hasBegun) book.note(id, { type: 'state', state: 'queued', at: created, position: 1 });
    if (!isFinal(state)) book.note(id, state === 'queued' ? { type: 'state', state, at, position: 1 } : { type: 'state', state, at });
    else {
      const kept = (await store.record(id))?.snapshot;
      if (kept !== undefined) for (const event of missing(log.snapshot(), kept)) book.note(id, event);
      onEnded(id);
    }
  }
}

/** What is to be told of a job so that it stands as it was stored at its end. */
function missing(known: JobSnapshot, kept: JobSnapshot): readonly (RunEvent | StateEvent)[] {
  const ofNodes = Object.entries(kept.nodes).flatMap(([node, { state, ms = 0, reason = '', content }]): RunEvent[] => {
    const before = known.nodes[node];
    const shown: RunEvent[] = content === undefined || before?.content !== undefined ? [] : [{ type: 'shown', node, content }];
    if (state === 'waiting' || state === 'running' || before?.state === state) return shown;
    return [...shown, { type: 'finished', node, outcome: state, ms, reason }];
  });
  const problems = kept.problems.slice(known.problems.length).map((problem): RunEvent => ({ type: 'problem', problem }));
  return [...ofNodes, ...problems, { type: 'state', state: kept.state, at: kept.ended ?? Date.now() }];
}
