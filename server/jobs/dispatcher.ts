import { toProblem } from '../../nodes/kit/index.ts';
import { encodePreview } from '../../workflows/protocol.ts';
import type { Engine, RunEnd, RunSink } from '../engine/types.ts';
import type { JobBook } from './book.ts';
import type { JobStore, QueuedJob } from './store.ts';

/** A job between being taken and its end. */
interface ActiveJob {
  readonly engine: Engine;
  cancelled: boolean;
}

/** Hands waiting jobs to engines, one at a time each. */
export class Dispatcher {
  readonly #engines: readonly Engine[];
  readonly #store: JobStore;
  readonly #book: JobBook;
  readonly #idle: Set<Engine>;
  readonly #active = new Map<string, ActiveJob>();
  /** Cancelled after they were taken and before they were active. */
  readonly #unwanted = new Set<string>();
  readonly #runs = new Set<Promise<void>>();
  readonly #forget: readonly (() => void)[];
  #closed = false;
  #wakes = 0;
  /** Told whenever a job has left the queue. */
  onTaken: () => void = () => undefined;

  constructor(engines: readonly Engine[], store: JobStore, book: JobBook) {
    this.#engines = engines;
    this.#store = store;
    this.#book = book;
    this.#idle = new Set(engines);
    this.#forget = engines.map((engine) => engine.onDevice(() => this.wake()));
  }

  /** Something waits, or an engine became free: starts what can be started. */
  wake(): void {
    this.#wakes++;
    for (const engine of [...this.#idle]) {
      if (this.#closed || !this.#usable(engine)) continue;
      this.#idle.delete(engine);
      const run = this.#work(engine).finally(() => this.#runs.delete(run));
      this.#runs.add(run);
    }
  }

  /** Cancels a job that no longer waits and has not ended. */
  cancel(id: string): void {
    const active = this.#active.get(id);
    if (active === undefined) {
      this.#unwanted.add(id);
      return;
    }
    active.cancelled = true;
    active.engine.cancel(id);
  }

  /** Takes nothing more, cancels what runs and waits for it. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const forget of this.#forget) forget();
    for (const id of this.#active.keys()) this.cancel(id);
    await Promise.all(this.#runs);
  }

  /** A failed engine leaves the jobs to the others; if all have failed, it takes them, so that each job is told why. */
  #usable(engine: Engine): boolean {
    const state = engine.device.state;
    return state === 'ready' || (state === 'failed' && this.#engines.every(({ device }) => device.state === 'failed'));
  }

  async #work(engine: Engine): Promise<void> {
    while (!this.#closed && this.#usable(engine)) {
      const seen = this.#wakes;
      const job = await this.#store.take();
      if (job !== undefined) await this.#run(engine, job);
      else if (seen === this.#wakes) break;
    }
    this.#idle.add(engine);
  }

  async #run(engine: Engine, job: QueuedJob): Promise<void> {
    const active: ActiveJob = { engine, cancelled: this.#unwanted.delete(job.id) };
    this.#active.set(job.id, active);
    if (this.#book.log(job.id)?.seq === 0) this.#book.note(job.id, { type: 'state', state: 'queued', at: Date.now(), position: 1 });
    this.#book.note(job.id, { type: 'state', state: 'running', at: Date.now() });
    this.onTaken();
    const end = active.cancelled || this.#closed ? 'cancelled' : await this.#execute(engine, job);
    this.#active.delete(job.id);
    this.#book.note(job.id, { type: 'state', state: end, at: Date.now() });
  }

  async #execute(engine: Engine, job: QueuedJob): Promise<RunEnd> {
    const sink: RunSink = {
      event: (event) => this.#book.note(job.id, event),
      recorded: (header, jpeg) => this.#book.recordings.add(header, jpeg),
      preview: (header, jpeg) => this.#book.preview({ header, frame: encodePreview(header, jpeg) }),
    };
    try {
      return await engine.run({ ...job.request, job: job.id }, sink);
    } catch (thrown) {
      this.#book.note(job.id, { type: 'problem', problem: toProblem(thrown) });
      return 'failed';
    }
  }
}
