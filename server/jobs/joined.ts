import type { JobBook } from './book.ts';
import type { Dispatcher } from './dispatcher.ts';
import { Elsewhere } from './elsewhere.ts';
import { Membership } from './membership.ts';
import type { JobStore, Member } from './store.ts';

/** What a server joins the other hosts of a shared queue with. */
export interface JoinedParts {
  readonly store: JobStore;
  readonly book: JobBook;
  readonly dispatcher: Dispatcher;
  /** The queue was held, released or put in another order. */
  readonly onQueue: (paused: boolean) => void;
  /** The hosts that live at present. */
  readonly onMembers: (members: readonly Member[]) => void;
  /** The end of a job that another host ran is stored. */
  readonly onStored: (id: string) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** A server among the hosts of a shared queue. */
export interface Joined {
  readonly elsewhere: Elsewhere;
  /** To be called when the queue is open. */
  start(): Promise<void>;
  /** Cancels a job that was taken from the queue; false if it does not run. */
  stop(id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Joins; undefined where the queue is not shared. */
export function joined(parts: JoinedParts): Joined | undefined {
  const { store, book, dispatcher, onQueue, onTrouble } = parts;
  const { shared } = store;
  if (shared === undefined) return undefined;
  const runs = (id: string): boolean => dispatcher.runs(id);
  const meet = (): Promise<void> => membership.beat();
  const elsewhere = new Elsewhere({ shared, store, book, runs, meet, onQueue, onEnded: parts.onStored, onTrouble });
  const membership = new Membership({
    shared,
    runs,
    cancel: (id) => dispatcher.cancel(id),
    wake: () => dispatcher.wake(),
    letGo: () => dispatcher.letGo(),
    heard: (id) => elsewhere.heard(id),
    missed: () => elsewhere.missed(),
    met: parts.onMembers,
    onTrouble,
  });
  return {
    elsewhere,
    async start() {
      await membership.start();
      await elsewhere.start();
    },
    async stop(id) {
      if (runs(id) || !(await shared.stop(id))) return false;
      // It may have been taken here a moment ago.
      await membership.beat();
      return true;
    },
    async close() {
      elsewhere.close();
      await membership.close();
    },
  };
}
