import type { Session } from './inference-backend.ts';

/** Sessions of what was opened so far, by the files of their networks. */
export type OpenSessions = Map<string, Promise<Session>>;

interface One<T> {
  readonly identity: string;
  readonly value: Promise<T>;
  readonly sessions: OpenSessions;
}

/** Opened things by name, each kept until its files change. */
export class Kept<T> {
  readonly #all = new Map<string, One<T>>();

  /** What is kept under a name, or what `open` gives where nothing is or its identity is another now; a failure is not kept. */
  async get(name: string, identity: string, open: (sessions: OpenSessions) => Promise<T>): Promise<T> {
    const known = this.#all.get(name);
    if (known?.identity === identity) return known.value;
    if (known !== undefined) await release(known);
    const sessions: OpenSessions = new Map();
    const opened = { identity, sessions, value: open(sessions) };
    this.#all.set(name, opened);
    opened.value.catch(() => this.#all.delete(name));
    return opened.value;
  }

  /** Gives the memory of all networks back. */
  async close(): Promise<void> {
    const all = [...this.#all.values()];
    this.#all.clear();
    for (const one of all) await release(one);
  }
}

async function release({ sessions }: One<unknown>): Promise<void> {
  for (const opening of sessions.values()) {
    // A part that could not be opened has nothing to give back.
    const session = await opening.catch(() => undefined);
    await session?.release();
  }
}
