import type { Catalogue } from '../../nodes/kit/index.ts';
import { type Connection, ConnectionError, type ServerAddress } from '../connection.ts';

/** The server's node types, as they come and change. */
export interface CatalogueFollower {
  /** Resolves when the first catalogue was taken. Rejects if the server refuses this page, or at the end. */
  readonly ready: Promise<void>;
  /** Waits until it is known whether there is a catalogue; a sentence if there is none. */
  fault(): Promise<string | undefined>;
  dispose(): void;
}

/** Asks for the catalogue whenever the socket opens and whenever the server says that it changed. */
export function followCatalogue(connection: Connection, address: ServerAddress, take: (catalogue: Catalogue) => void): CatalogueFollower {
  const state = new Waiting(address);
  let newest = 0;
  const refresh = async (): Promise<void> => {
    const own = ++newest;
    try {
      const specs = await connection.nodes();
      if (own !== newest) return;
      take(new Map(specs.map((spec) => [spec.type, spec])));
      state.done();
    } catch (thrown) {
      state.failed(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
  const ends = [
    connection.on('message', ({ type }) => {
      if (type === 'welcome' || type === 'catalogue') void refresh();
    }),
    connection.on('state', ({ state: now, message }) => {
      if (now === 'lost') state.lost();
      if (now === 'refused') state.refused(message ?? 'The server refuses this page.');
    }),
  ];
  return {
    ready: state.ready,
    fault: () => state.fault(),
    dispose() {
      for (const end of ends) end();
      newest++;
      state.refused('The plugin was taken out of the page.');
    },
  };
}

/** Keeps who waits for the first catalogue. */
class Waiting {
  readonly ready: Promise<void>;
  readonly #address: ServerAddress;
  #resolve: () => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;
  #waiters: (() => void)[] = [];
  #fault: string | undefined;
  #settled = false;
  #ended = false;

  constructor(address: ServerAddress) {
    this.#address = address;
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Pages need not listen to it.
    this.ready.catch(() => undefined);
  }

  done(): void {
    this.#resolve();
    this.#settle(undefined);
  }

  failed(error: Error): void {
    if (!(error instanceof ConnectionError)) this.#reject(error);
    this.#settle(error.message);
  }

  lost(): void {
    if (!this.#settled || this.#fault !== undefined) this.#settle(unreachable(this.#address));
  }

  refused(message: string): void {
    this.#reject(new ConnectionError(message));
    this.#settle(message);
    this.#ended = true;
  }

  async fault(): Promise<string | undefined> {
    if (!this.#settled) await new Promise<void>((go) => this.#waiters.push(go));
    return this.#fault;
  }

  #settle(fault: string | undefined): void {
    if (this.#ended) return;
    this.#settled = true;
    this.#fault = fault;
    for (const go of this.#waiters.splice(0)) go();
  }
}

/** Browsers do not say whether a server is down or does not let this page in. */
function unreachable({ server }: ServerAddress): string {
  const here = typeof location === 'undefined' ? undefined : location.origin;
  const allow = here === undefined ? '' : ` If it runs, it may not let this page in: start it with --allow-origin ${here}.`;
  return `The diffusion server ${server} cannot be reached. Start it, or check its address.${allow}`;
}
