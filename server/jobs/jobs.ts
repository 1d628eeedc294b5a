import { randomUUID } from 'node:crypto';
import { GraphError } from '../../nodes/kit/index.ts';
import { isFinal, type JobSnapshot, type RecordedNode } from '../../workflows/protocol.ts';
import type { Engine } from '../engine/types.ts';
import { type BookBounds, JobBook, type JobListener, type JobPreview } from './book.ts';
import { Dispatcher } from './dispatcher.ts';
import type { JobLog } from './log.ts';
import type { JobRequest, JobStore } from './store.ts';

/** What somebody wants to have run, validated. Without an id it gets one. */
export interface Submission {
  readonly id?: string;
  /** Identifies the content. */
  readonly digest: string;
  /** Size of the document as text. */
  readonly bytes: number;
  readonly request: JobRequest;
}

/** Positions in the queue are told again at most this often, in ms. */
const positionDelay = 200;

/** All jobs of a server: the queue, what was heard of them, and the engines that run them. */
export class Jobs {
  readonly #store: JobStore;
  readonly #book: JobBook;
  readonly #dispatcher: Dispatcher;
  #positionTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(store: JobStore, engines: readonly Engine[], bounds: BookBounds) {
    this.#store = store;
    this.#book = new JobBook(bounds, (id) => void store.forget(id));
    this.#dispatcher = new Dispatcher(engines, store, this.#book);
    this.#dispatcher.onTaken = () => this.#movedUp();
  }

  /** The job of this id if its content is the same; throws `duplicate-id` if it is other. */
  async known(id: string, digest: string): Promise<JobSnapshot | undefined> {
    const known = await this.#store.find(id, digest);
    if (known === 'other') throw duplicate(id);
    return known === 'same' ? this.snapshot(id) : undefined;
  }

  /** Queues a job, or gives back the one that was queued before. Throws `duplicate-id`, or `busy` when the queue is full. */
  async submit(submission: Submission): Promise<JobSnapshot> {
    const { digest, bytes, request, id = randomUUID() } = submission;
    if (this.#closed) throw new GraphError('busy', 'The server is going down. Try again when it is back.');
    // The log stands before the job can be taken; whoever notes first, `queued` is its first event.
    const opened = this.#book.open(id, Date.now());
    const addition = await this.#store.add({ id, digest, bytes, request });
    if (opened && addition !== 'added') this.#book.discard(id);
    if (addition === 'other') throw duplicate(id);
    if (addition === 'full')
      throw new GraphError('busy', 'The queue is full. Wait until some jobs are done, or cancel some, and try again.');
    if (addition === 'added') {
      const ahead = this.#book.log(id)?.seq === 0 ? await this.#place(id) : 0;
      if (this.#book.log(id)?.seq === 0) this.#book.note(id, { type: 'state', state: 'queued', at: Date.now(), position: ahead });
      this.#dispatcher.wake();
    }
    const snapshot = this.snapshot(id);
    if (snapshot === undefined) throw new GraphError('internal', `The job ${id} is known to the queue but has no log.`);
    return snapshot;
  }

  /** Cancels a job that waits or runs; an ended one stays as it is. Undefined if the id is not known. */
  async cancel(id: string): Promise<JobSnapshot | undefined> {
    const log = this.#book.log(id);
    if (log === undefined || isFinal(log.state)) return log?.snapshot();
    if (await this.#store.withdraw(id)) {
      this.#book.note(id, { type: 'state', state: 'cancelled', at: Date.now() });
      this.#movedUp();
    } else if (!isFinal(log.state)) this.#dispatcher.cancel(id);
    return log.snapshot();
  }

  /** Holds or releases a job that waits. Undefined if the id is not known; a job that has started stays as it is. */
  async hold(id: string, paused: boolean): Promise<JobSnapshot | undefined> {
    const log = this.#book.log(id);
    const before = paused ? 'queued' : 'paused';
    if (log === undefined || log.state !== before || !(await this.#store.hold(id, paused))) return log?.snapshot();
    const position = await this.#place(id);
    if (log.state === before)
      this.#book.note(id, { type: 'state', at: Date.now(), ...(paused ? { state: 'paused' } : { state: 'queued', position }) });
    this.#dispatcher.wake();
    return log.snapshot();
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

  /** Those that wait or run, oldest first. */
  unfinished(): readonly JobSnapshot[] {
    return this.#book.unfinished();
  }

  lastPreview(id: string): JobPreview | undefined {
    return this.#book.lastPreview(id);
  }

  /** What was recorded of a job; undefined if the id is not known. */
  recorded(id: string): readonly RecordedNode[] | undefined {
    return this.#book.log(id) === undefined ? undefined : this.#book.recordings.list(id);
  }

  /** One recorded step as a JPEG. */
  recordedStep(id: string, node: string, index: number): Uint8Array | undefined {
    return this.#book.recordings.step(id, node, index);
  }

  listen(listener: JobListener): () => void {
    return this.#book.listen(listener);
  }

  /** Cancels everything and waits for the engines to let go. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#positionTimer);
    for (const { id } of await this.#store.waiting()) await this.cancel(id);
    clearTimeout(this.#positionTimer);
    await this.#dispatcher.close();
  }

  /** Place in the queue from 1, also for a job that has just left it. */
  async #place(id: string): Promise<number> {
    const waiting = await this.#store.waiting();
    return Math.max(1, waiting.findIndex((job) => job.id === id) + 1);
  }

  /** Somebody left the queue: tells those behind where they stand now, not more often than anybody can read. */
  #movedUp(): void {
    this.#positionTimer ??= setTimeout(() => {
      this.#positionTimer = undefined;
      void this.#tellPositions();
    }, positionDelay).unref();
  }

  async #tellPositions(): Promise<void> {
    for (const [index, { id, paused }] of (await this.#store.waiting()).entries()) {
      const log = this.#book.log(id);
      if (paused || log === undefined || log.state !== 'queued' || log.position === index + 1) continue;
      this.#book.note(id, { type: 'state', state: 'queued', at: Date.now(), position: index + 1 });
    }
  }
}

const duplicate = (id: string): GraphError =>
  new GraphError('duplicate-id', `The job ${id} exists already, with other content. Give the new job another id.`);
