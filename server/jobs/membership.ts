import type { Member, SharedQueue } from './store.ts';

/** What a host does on a shared queue besides its own jobs. */
export interface MembershipParts {
  readonly shared: SharedQueue;
  /** Is it being run here? */
  readonly runs: (id: string) => boolean;
  /** Cancels a job that runs here. */
  readonly cancel: (id: string) => void;
  /** Looks for something to do. */
  readonly wake: () => void;
  /** The queue could not be reached for so long that others may have taken what runs here: it must be let go. */
  readonly letGo: () => void;
  /** Another host changed this job; '' stands for the whole queue. */
  readonly heard?: (id: string) => void;
  /** Others may have changed something unheard. */
  readonly missed?: () => void;
  /** The hosts that live at present. */
  readonly met?: (members: readonly Member[]) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Between two signs of life, in ms. */
const interval = 2500;

/** Without a sign of life for this long, in ms, what runs here is let go, before others take it. */
const mostSilence = 8000;

/** This host among those of a shared queue: gives signs of life, hears of changes, and lets go of its jobs when it is cut off. */
export class Membership {
  readonly #parts: MembershipParts;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #seen = performance.now();
  /** The last sign of life could not be given. */
  #failed = false;
  #closed = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /** To be called when the queue is open: the first sign of life has been given then. */
  async start(): Promise<void> {
    this.#seen = performance.now();
    this.#timer = setInterval(() => void this.beat(), interval);
    await this.#parts.shared.listen({
      heard: (id) => this.#hear(id),
      met: () => void this.beat(),
      missed: () => this.#parts.missed?.(),
    });
    await this.beat();
  }

  /** Gives a sign of life; resolves when one that began after this call has been given. */
  beat(): Promise<void> {
    if (performance.now() - this.#seen > mostSilence) this.#parts.letGo();
    this.#next ??= this.#beating?.then(() => {
      this.#next = undefined;
      return this.#closed ? undefined : (this.#beating ?? this.#begin());
    });
    return this.#next ?? this.#begin();
  }

  #begin(): Promise<void> {
    this.#beating = this.#beat().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#beating;
  }

  async #beat(): Promise<void> {
    const { shared, cancel, wake, onTrouble } = this.#parts;
    const began = performance.now();
    try {
      const { unwanted, members } = await shared.beat();
      this.#parts.met?.(members);
      this.#seen = began;
      if (this.#failed) this.#parts.missed?.();
      this.#failed = false;
      for (const id of unwanted) cancel(id);
      // A message may have been lost with its connection.
      if (!this.#closed) wake();
    } catch (thrown) {
      this.#failed = true;
      if (!this.#closed) onTrouble(thrown);
    }
  }

  #hear(id: string): void {
    if (this.#closed) return;
    // Others say nothing of a job that runs here but that they want it cancelled.
    if (this.#parts.runs(id)) void this.beat();
    this.#parts.heard?.(id);
    this.#parts.wake();
  }
}
