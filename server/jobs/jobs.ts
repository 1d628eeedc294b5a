import { randomUUID } from 'node:crypto';
import { GraphError } from '../../nodes/kit/index.ts';
import { isFinal, type JobSnapshot } from '../../workflows/protocol.ts';
import { Arrivals } from './arrivals.ts';
import { JobBook, type JobListener, type JobPreview } from './book.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Elsewhere } from './elsewhere.ts';
import type { JobsOptions, QueueState } from './jobs-options.ts';
import { type Joined, joined } from './joined.ts';
import type { JobLog } from './log.ts';
import { Positions } from './positions.ts';
import type { Recordings } from './recordings.ts';
import { arriving, beginningOf, duplicate, full, recordedSnapshot, takenUp } from './records.ts';
import type { HistoryPage, HistoryQuery, JobRecord, JobStore, Place, QueuedJob, Recovered } from './store.ts';
import type { Submission } from './submission.ts';

/** All jobs of a server: the queue, what was heard of them, and the engines that run them. */
export class Jobs {
  readonly #store: JobStore;
  readonly #book: JobBook;
  readonly #dispatcher: Dispatcher;
  readonly #positions: Positions;
  readonly #arrivals = new Arrivals();
  readonly #opened: Promise<void>;
  readonly #waiting = new Set<string>();
  readonly #queueListeners = new Set<() => void>();
  readonly #company: Joined | undefined;
  readonly #hasModels: (needs: readonly string[]) => boolean;
  #paused: boolean;
  #closed = false;

  constructor(store: JobStore, options: JobsOptions) {
    const { engines, bounds, read, onMembers = () => undefined, onStored = () => undefined, onTrouble = () => undefined } = options;
    this.#store = store;
    this.#paused = options.paused ?? false;
    this.#hasModels = options.hasModels ?? (() => true);
    this.#book = new JobBook(bounds, (id) => void store.forget(id));
    this.#positions = new Positions(store, this.#book);
    this.#book.listen({ event: ({ event }) => this.#count(event.job), preview: () => undefined });
    this.#dispatcher = new Dispatcher({
      engines,
      store,
      book: this.#book,
      request: async (job) => {
        const kept = this.#arrivals.take(job.id);
        return job.request ?? kept ?? read(job.source);
      },
      arriving: () => (this.#paused || store.isOpen ? undefined : this.#arrivals.next()),
      onTaken: () => this.#movedUp(),
      onStored,
      onTrouble,
    });
    this.#company = joined({
      store,
      book: this.#book,
      dispatcher: this.#dispatcher,
      onQueue: (held) => this.#hearQueue(held),
      onMembers,
      onStored,
      onTrouble,
    });
    this.#opened = store.open().then((recovered) => this.#resume(recovered));
    this.#opened.catch((thrown: unknown) => this.#closed || onTrouble(thrown));
  }

  /** Resolves when it is clear what a former process left. */
  get ready(): Promise<void> {
    return this.#store.remembers ? this.#opened.catch(() => undefined) : Promise.resolve();
  }

  /** The job of this id if its content is the same; throws `duplicate-id` if it is other. */
  async known(id: string, digest: string): Promise<JobSnapshot | undefined> {
    const known = await this.#store.find(id, digest);
    if (known === 'other') throw duplicate(id);
    return known === 'same' ? this.find(id) : undefined;
  }

  /**
   * Queues a job, or gives back the one that was queued before. It may run at once; what is given back is stored. Throws `duplicate-id`, or `busy` when the
   * queue is full or cannot be written.
   */
  async submit(submission: Submission): Promise<JobSnapshot> {
    if (this.#closed) throw new GraphError('busy', 'The server is going down. Try again when it is back.');
    if (this.#store.remembers && !this.#store.isOpen) await this.#opened;
    const { digest, source, request, id = randomUUID(), title = '', needs = [], priority = 0 } = submission;
    const job: QueuedJob = { id, digest, bytes: source.length, source, request, title, needs, priority, created: Date.now() };
    // The log stands before the job can be taken; whoever notes first, `queued` is its first event.
    if (!this.#book.open(id, { title, created: job.created, safe: false, seq: 0 })) return this.#standing(id, digest);
    const arrival = this.#arrivals.add(job, (claimed) => this.#store.add(job, claimed));
    if (!this.#paused && this.#waiting.size === 0 && this.#hasModels(needs) && this.#dispatcher.start(arrival.direct)) arrival.claim();
    const addition = await arrival.addition.catch((thrown: unknown) => {
      this.#refuse(id);
      throw thrown;
    });
    if (addition !== 'added') this.#refuse(id);
    if (addition === 'full') throw full();
    if (addition !== 'added') return this.#standing(id, digest);
    const log = this.#book.log(id);
    log?.becomeSafe();
    if (log?.hasBegun === false) this.#book.note(id, { type: 'state', state: 'queued', at: Date.now(), position: this.#waiting.size + 1 });
    this.#dispatcher.wake();
    if (priority !== 0) this.#movedUp();
    const snapshot = this.snapshot(id);
    if (snapshot === undefined) throw new GraphError('internal', `The job ${id} is known to the queue but has no log.`);
    return snapshot;
  }

  /** Runs an ended job again under a new id. Undefined if nothing is kept of it. */
  async retry(id: string, read: (source: string) => Promise<Submission>): Promise<JobSnapshot | undefined> {
    const record = await this.#store.record(id);
    if (record === undefined) return undefined;
    const { priority, title } = record;
    return this.submit({ ...(await read(record.source)), priority, title });
  }

  /** Cancels a job that waits or runs, here or elsewhere; an ended one stays as it is. Undefined if the id is not known. */
  async cancel(id: string): Promise<JobSnapshot | undefined> {
    if (this.#book.log(id) === undefined) await this.elsewhere?.know(id);
    const log = this.#book.log(id);
    if (log === undefined || isFinal(log.state)) return this.find(id);
    if (this.#dispatcher.runs(id)) this.#dispatcher.cancel(id);
    else {
      await this.#arrivals.stored(id);
      const at = Date.now();
      if (await this.#store.withdraw(id, at)) {
        this.#arrivals.take(id);
        this.#book.note(id, { type: 'state', state: 'cancelled', at });
        this.#movedUp();
      } else if (!isFinal(log.state) && !(await this.#company?.stop(id))) this.#dispatcher.cancel(id);
    }
    return log.snapshot();
  }

  /** Holds or releases a job that waits. Undefined if the id is not known; a job that has started stays as it is. */
  async hold(id: string, paused: boolean): Promise<JobSnapshot | undefined> {
    const log = this.#book.log(id);
    const before = paused ? 'queued' : 'paused';
    if (log === undefined || log.state !== before || !(await this.#store.hold(id, paused))) return log?.snapshot();
    const position = await this.#positions.of(id);
    if (log.state === before)
      this.#book.note(id, { type: 'state', at: Date.now(), ...(paused ? { state: 'paused' } : { state: 'queued', position }) });
    this.#dispatcher.wake();
    this.#tellQueue();
    return log.snapshot();
  }

  /** Holds or releases the whole queue; what runs goes on. */
  async pause(paused: boolean): Promise<void> {
    await this.#store.pause(paused);
    this.#paused = paused;
    this.#tellQueue();
    if (!paused) this.#dispatcher.wake();
  }

  /** Puts waiting jobs elsewhere in the queue. Ids that do not wait are left out. */
  async move(ids: readonly string[], place: Place): Promise<void> {
    await this.#store.move(ids, place);
    this.#movedUp();
    this.#tellQueue();
  }

  /** Sets the priority of waiting jobs; higher ones run first. */
  async prioritise(ids: readonly string[], priority: number): Promise<void> {
    await this.#store.prioritise(ids, priority);
    this.#movedUp();
    this.#tellQueue();
  }

  /** What other hosts do, where the queue is shared. */
  get elsewhere(): Elsewhere | undefined {
    return this.#company?.elsewhere;
  }

  async queue(): Promise<QueueState> {
    return { paused: this.#paused, waiting: this.#store.remembers ? await this.#store.waiting() : arriving(this.unfinished()) };
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** How many wait, as far as it is known here. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  history(query: HistoryQuery): Promise<HistoryPage> {
    return this.#store.history(query);
  }

  /** All that is kept of a job; undefined if the id is not known to the store. */
  record(id: string): Promise<JobRecord | undefined> {
    return this.#store.record(id);
  }

  /** Takes ended jobs out of the history; their pictures stay. Gives back the ids of those that stood in it. */
  async erase(ids: readonly string[]): Promise<readonly string[]> {
    const erased = await this.#store.erase(ids);
    for (const id of erased) this.#book.forget(id);
    return erased;
  }

  /** What is known of a job, in memory or in the store. */
  async find(id: string): Promise<JobSnapshot | undefined> {
    return this.snapshot(id) ?? recordedSnapshot(await this.#store.record(id));
  }

  snapshot(id: string): JobSnapshot | undefined {
    return this.#book.log(id)?.snapshot();
  }

  log(id: string): JobLog | undefined {
    return this.#book.log(id);
  }

  /** Newest first. */
  recent(limit: number): readonly JobSnapshot[] {
    return this.#book.snapshots(limit);
  }

  /** Those that wait or run, oldest first, at most `limit`. */
  unfinished(limit = Number.POSITIVE_INFINITY): readonly JobSnapshot[] {
    return this.#book.unfinished(limit);
  }

  lastPreview(id: string): JobPreview | undefined {
    return this.#book.lastPreview(id);
  }

  /** The recorded steps of jobs that are known. */
  get recordings(): Recordings {
    return this.#book.recordings;
  }

  listen(listener: JobListener): () => void {
    return this.#book.listen(listener);
  }

  /** Calls back when the queue was held, released or put in another order. */
  onQueue(listener: () => void): () => void {
    this.#queueListeners.add(listener);
    return () => this.#queueListeners.delete(listener);
  }

  /** Stops everything and waits for the engines to let go. Jobs that are not ended are cancelled, unless the store keeps them. */
  async close(): Promise<void> {
    this.#closed = true;
    if (!this.#store.durable) for (const { id } of await this.#store.waiting()) await this.cancel(id);
    this.#positions.close();
    await this.#company?.close();
    await this.#dispatcher.close();
    await this.#store.close();
  }

  /** Takes up what a former process left. */
  async #resume({ paused, waiting }: Recovered): Promise<void> {
    this.#paused = paused;
    for (const [index, job] of waiting.entries())
      if (this.#book.open(job.id, beginningOf(job))) this.#book.note(job.id, takenUp(job, index + 1));
    this.#tellQueue();
    this.#dispatcher.wake();
    await this.#company?.start();
  }

  /** Another host held the queue, released it or put it in another order. */
  #hearQueue(paused: boolean): void {
    this.#paused = paused;
    this.#movedUp();
    this.#tellQueue();
  }

  /** What stands under this id already. */
  async #standing(id: string, digest: string): Promise<JobSnapshot> {
    await this.#arrivals.stored(id);
    const known = await this.known(id, digest);
    if (known === undefined) throw new GraphError('busy', 'The job was refused a moment ago. Send it again.');
    return known;
  }

  /** A job that was heard of but not stored: what runs of it is stopped, and nothing is known of it any more. */
  #refuse(id: string): void {
    this.#dispatcher.discard(id);
    this.#arrivals.take(id);
    this.#waiting.delete(id);
    this.#book.discard(id);
  }

  #count(id: string): void {
    this.#waiting[this.#book.log(id)?.state === 'queued' ? 'add' : 'delete'](id);
  }

  #tellQueue(): void {
    for (const listener of this.#queueListeners) listener();
  }

  #movedUp(): void {
    if (this.#waiting.size > 0) this.#positions.changed();
  }
}
