import type { Member } from '../jobs/store.ts';
import type { ServerClient } from './server-client.ts';

/** Which of the hosts on the queue is the server that a worker works for. It is asked until it answers, and again whenever that host is gone. */
export class HomeServer {
  readonly #client: ServerClient;
  readonly #closing = new AbortController();
  #id: string | undefined;
  #asking = false;
  /** Told when it is known. */
  onKnown: () => void = () => undefined;

  constructor(client: ServerClient) {
    this.#client = client;
    this.#ask();
  }

  get id(): string | undefined {
    return this.#id;
  }

  /** Hears who lives. */
  met(members: readonly Member[]): void {
    if (!members.some(({ id }) => id === this.#id)) this.#ask();
  }

  close(): void {
    this.#closing.abort();
  }

  #ask(): void {
    if (this.#asking || this.#closing.signal.aborted) return;
    this.#asking = true;
    this.#client
      .id(this.#closing.signal)
      .then((id) => {
        this.#id = id;
        this.onKnown();
      })
      // It is asked again with the next news.
      .catch(() => undefined)
      .finally(() => {
        this.#asking = false;
      });
  }
}
