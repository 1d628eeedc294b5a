import { setTimeout as delay } from 'node:timers/promises';
import { type Problem, toProblem } from '../../nodes/kit/index.ts';
import { encodePreview, type StateEvent } from '../../workflows/protocol.ts';
import type { Engine, RunEnd, RunSink } from '../engine/types.ts';
import type { JobBook } from './book.ts';
import { seqOfStart } from './elsewhere.ts';
import type { JobRequest, JobStore, TakenJob } from './store.ts';

/** A job that may run before it is stored; `stored` tells whether it was, and never rejects. */
export interface DirectJob {
  readonly job: TakenJob;
  readonly stored: Promise<boolean>;
}

/** What a dispatcher works with. */
export interface DispatcherParts {
  readonly engines: readonly Engine[];
  readonly store: JobStore;
  readonly book: JobBook;
  /** What is to be run for a job; rejects where it cannot be run any more. */
  readonly request: (job: TakenJob, signal: AbortSignal) => Promise<JobRequest>;
  /** A job that waits to be stored, to be run without waiting for that. */
  readonly arriving: () => DirectJob | undefined;
  /** Told whenever a job has left the queue. */
  readonly onTaken: () => void;
  /** Told when the end of a job is stored. */
  readonly onStored: (id: string) => void;
  /** The store could not be reached; it is tried again. */
  readonly onTrouble: (error: unknown) => void;
}

/** A job between being taken and its end. */
interface ActiveJob {
  readonly engine: Engine;
  /** Ends what comes before the run. */
  readonly stop: AbortController;
  cancelled: boolean;
  /** Others may have taken it. */
  released: boolean;
  /** The engine was lost, and what it said. */
  lost?: Problem;
}

/** A job that brings its engine down this often is not tried again. */
const mostLosses = 2;
/** Waits between attempts to reach the store, in ms. */
const backOff = [100, 500, 2000, 5000] as const;

function halt(id: string, { engine, stop }: ActiveJob): void {
  stop.abort();
  engine.cancel(id);
}

/** Hands waiting jobs to engines, one at a time each. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #idle: Set<Engine>;
  readonly #active = new Map<string, ActiveJob>();
  /** Cancelled after they were taken and before they were active. */
  readonly #unwanted = new Set<string>();
  readonly #runs = new Set<Promise<void>>();
  readonly #forget: readonly (() => void)[];
  readonly #closing = new AbortController();
  #wakes = 0;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#idle = new Set(parts.engines);
    this.#forget = parts.engines.map((engine) => engine.onDevice(() => this.wake()));
  }

  /** Something waits, or an engine became free: starts what can be started. */
  wake(): void {
    this.#wakes++;
    for (const engine of [...this.#idle]) if (this.#usable(engine)) this.#occupy(engine);
  }

  /** Starts a job on an engine that has nothing to do; false if there is none. */
  start(job: DirectJob): boolean {
    const engine = [...this.#idle].find((idle) => this.#usable(idle));
    if (engine !== undefined) this.#occupy(engine, job);
    return engine !== undefined;
  }

  /** Is it being run here? */
  runs(id: string): boolean {
    return this.#active.has(id);
  }

  /** Cancels a job that no longer waits and has not ended. */
  cancel(id: string): void {
    const active = this.#active.get(id);
    if (active === undefined) {
      this.#unwanted.add(id);
      return;
    }
    active.cancelled = true;
    halt(id, active);
  }

  /** Stops what runs without an end: it waits again, unless somebody else has taken it. */
  letGo(): void {
    for (const [id, active] of this.#active) {
      active.released = true;
      halt(id, active);
    }
  }

  /** A job that was refused after it had started: it is stopped, if it runs. */
  discard(id: string): void {
    if (this.#active.has(id)) this.cancel(id);
  }

  /** Takes nothing more, stops what runs and waits for it. Jobs of a durable store wait for the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const forget of this.#forget) forget();
    for (const [id, active] of this.#active) halt(id, active);
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** A failed engine leaves the jobs to the others; if all have failed, it takes them, so that each job is told why. */
  #usable(engine: Engine): boolean {
    const { state } = engine.device;
    if (this.#closed) return false;
    return state === 'ready' || (state === 'failed' && this.#parts.engines.every(({ device }) => device.state === 'failed'));
  }

  #occupy(engine: Engine, first?: DirectJob): void {
    this.#idle.delete(engine);
    this.#keep(this.#work(engine, first));
  }

  #keep(work: Promise<void>): void {
    const kept = work.finally(() => this.#runs.delete(kept));
    this.#runs.add(kept);
  }

  async #work(engine: Engine, first: DirectJob | undefined): Promise<void> {
    if (first !== undefined) await this.#run(engine, first);
    while (this.#usable(engine)) {
      const seen = this.#wakes;
      const next = this.#parts.arriving() ?? (await this.#take());
      if (next !== undefined) await this.#run(engine, next);
      else if (seen === this.#wakes) break;
    }
    this.#idle.add(engine);
  }

  async #take(): Promise<DirectJob | undefined> {
    const { store, onTrouble } = this.#parts;
    for (let attempt = 0; store.isOpen && !this.#closed; attempt++) {
      try {
        const job = await store.take();
        return job && { job, stored: Promise.resolve(true) };
      } catch (thrown) {
        onTrouble(thrown);
        await this.#pause(attempt);
      }
    }
    return undefined;
  }

  async #pause(attempt: number): Promise<void> {
    const wait = backOff[Math.min(attempt, backOff.length - 1)];
    await delay(wait, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  async #run(engine: Engine, { job, stored }: DirectJob): Promise<void> {
    const { book, onTaken } = this.#parts;
    const { id, title = '', created = Date.now(), starts } = job;
    // One that another host sent.
    book.open(id, { title, created, safe: true, seq: starts * seqOfStart });
    const active: ActiveJob = { engine, stop: new AbortController(), cancelled: this.#unwanted.delete(id), released: false };
    this.#active.set(id, active);
    if (book.log(id)?.hasBegun === false) book.note(id, { type: 'state', state: 'queued', at: Date.now(), position: 1 });
    if (!this.#closed) book.note(id, { type: 'state', state: 'running', at: Date.now() });
    onTaken();
    const end = active.cancelled || this.#closed ? 'cancelled' : await this.#execute(job, active);
    this.#active.delete(id);
    this.#keep(this.#settle(id, active, { end, stored }));
  }

  async #execute(job: TakenJob, active: ActiveJob): Promise<RunEnd> {
    const { book, request } = this.#parts;
    const { id } = job;
    const sink: RunSink = {
      event: (event) => {
        if (event.type === 'problem' && event.problem.code === 'engine-lost') active.lost = event.problem;
        else book.note(id, event);
      },
      recorded: (header, jpeg) => book.recordings.add(header, jpeg),
      preview: (header, jpeg) => book.preview({ header, frame: encodePreview(header, jpeg) }),
    };
    try {
      const wanted = await request(job, active.stop.signal);
      if (active.stop.signal.aborted) return 'cancelled';
      return await active.engine.run({ ...wanted, job: id }, sink);
    } catch (thrown) {
      if (active.stop.signal.aborted) return 'cancelled';
      book.note(id, { type: 'problem', problem: toProblem(thrown) });
      return 'failed';
    }
  }

  /** Stores how a run went and tells it; the engine does not wait for that. */
  async #settle(id: string, active: ActiveJob, { end, stored }: { end: RunEnd; stored: Promise<boolean> }): Promise<void> {
    if (!(await stored)) return;
    const { store, book } = this.#parts;
    if (end === 'cancelled' && (this.#closed || active.released) && !active.cancelled && store.durable)
      return this.#giveBack(id, undefined);
    if (end === 'failed' && active.lost !== undefined && !active.cancelled) {
      const { lost } = active;
      const losses = await this.#tryOften(() => store.countLoss(id));
      if (losses !== undefined && losses < mostLosses) return this.#giveBack(id, `${lost.message} This job runs again.`);
      const message = `The engine was lost ${mostLosses} times while this job ran, so it is not tried again by itself. ${lost.message}`;
      book.note(id, { type: 'problem', problem: { ...lost, message } });
    }
    await this.#end(id, { type: 'state', state: end, at: Date.now() });
  }

  async #giveBack(id: string, reason: string | undefined): Promise<void> {
    const { store, book } = this.#parts;
    await this.#tryOften(() => store.giveBack(id));
    book.note(id, { type: 'state', state: 'queued', at: Date.now(), position: 1, ...(reason === undefined ? {} : { reason }) });
    this.wake();
  }

  /** The end is told when it is stored, or when it is clear that storing it takes a while. */
  async #end(id: string, event: StateEvent & { readonly state: RunEnd }): Promise<void> {
    const { store, book, onStored } = this.#parts;
    const snapshot = book.log(id)?.snapshotAfter(event);
    if (snapshot === undefined) return;
    const { state, at } = event;
    const stored = await this.#tryOften(
      () => store.finish(id, { state, at, snapshot }).then(() => true),
      () => book.note(id, event),
    );
    if (stored) onStored(id);
    book.note(id, event);
  }

  /** Asks the store until it answers; undefined if the dispatcher is closed before. */
  async #tryOften<T>(ask: () => Promise<T>, onDelay: () => void = () => undefined): Promise<T | undefined> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (thrown) {
        this.#parts.onTrouble(thrown);
        onDelay();
        if (this.#closed) return undefined;
        await this.#pause(attempt);
      }
    }
  }
}
