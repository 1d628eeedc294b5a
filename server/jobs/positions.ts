import type { JobBook } from './book.ts';
import type { JobStore } from './store.ts';

/** Positions in the queue are told again at most this often, in ms, and only of so many. */
const delay = 200;
const most = 50;

/** Tells waiting jobs where they stand, not more often than anybody can read. */
export class Positions {
  readonly #store: JobStore;
  readonly #book: JobBook;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: JobStore, book: JobBook) {
    this.#store = store;
    this.#book = book;
  }

  /** Somebody left the queue, or moved in it: those behind are told soon. */
  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell().catch(() => undefined);
    }, delay).unref();
  }

  /** Place in the queue from 1, also for a job that has just left it. */
  async of(id: string): Promise<number> {
    const waiting = await this.#store.waiting();
    return Math.max(1, waiting.findIndex((job) => job.id === id) + 1);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #tell(): Promise<void> {
    for (const [index, { id, paused }] of (await this.#store.waiting(most)).entries()) {
      const log = this.#book.log(id);
      if (paused || log === undefined || log.state !== 'queued' || log.position === index + 1) continue;
      this.#book.note(id, { type: 'state', state: 'queued', at: Date.now(), position: index + 1 });
    }
  }
}
