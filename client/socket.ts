import type { ClientMessage } from '../workflows/protocol.ts';
import type { Connection, ConnectionEvents, ConnectionState, ServerAddress } from './connection.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import { createHttp } from './http.ts';
import { createOutbox } from './outbox.ts';
import { createPreviewBox } from './preview-box.ts';
import { readServerMessage } from './server-answers.ts';

/** What a connection takes from the world around it; tests give their own. */
export interface Surroundings {
  readonly socket: (url: string, protocols: readonly string[]) => WebSocket;
  readonly fetch: typeof fetch;
  /** Waits between attempts to connect, in ms; the last one is repeated. */
  readonly backOff: readonly number[];
  /** After this long without a word a sign of life is asked for, and after as long again the socket is given up; in ms. */
  readonly silence: number;
}

const here: Surroundings = {
  socket: (url, protocols) => new WebSocket(url, [...protocols]),
  fetch: (...request) => fetch(...request),
  backOff: [250, 500, 1000, 2000, 4000, 8000],
  silence: 20_000,
};

/**
 * One socket that connects again by itself, watches its jobs again and sends what could not be sent, and the HTTP calls beside it.
 * Only a refusal of the token or of the page's origin ends the attempts.
 */
export function openConnection(address: ServerAddress, surroundings: Partial<Surroundings> = {}): Connection {
  const world = { ...here, ...surroundings };
  const emitter = createEmitter<ConnectionEvents>();
  const { refusal, ...calls } = createHttp(address, world.fetch);
  const socket = new HealingSocket(address, { ...world, refusal }, emitter);
  return {
    ...calls,
    get state() {
      return socket.state;
    },
    on: emitter.on,
    send: (message) => socket.send(message),
    close() {
      socket.close();
      emitter.clear();
    },
  };
}

/** The server's way to ask a page to connect again at once: it has more to say than was read. */
const tryAgain = 1013;

type World = Surroundings & { readonly refusal: () => Promise<string | undefined> };

/** A socket that comes back. */
class HealingSocket {
  state: ConnectionState = 'connecting';
  readonly #world: World;
  readonly #emitter: Emitter<ConnectionEvents>;
  readonly #open: () => WebSocket;
  readonly #outbox = createOutbox();
  readonly #previews = createPreviewBox((preview) => this.#emitter.emit('preview', preview));
  readonly #hurry = (): void => this.#connectNow();
  #socket: WebSocket | undefined;
  #attempt = 0;
  #closed = false;
  #asked = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #listening: ReturnType<typeof setTimeout> | undefined;

  constructor(address: ServerAddress, world: World, emitter: Emitter<ConnectionEvents>) {
    this.#world = world;
    this.#emitter = emitter;
    this.#open = () => world.socket(socketUrl(address), protocols(address));
    globalThis.addEventListener?.('online', this.#hurry);
    this.#connect();
  }

  send(message: ClientMessage): void {
    const sent = this.state === 'open' && this.#say(message);
    this.#outbox.note(message, sent);
  }

  close(): void {
    this.#closed = true;
    globalThis.removeEventListener?.('online', this.#hurry);
    clearTimeout(this.#retry);
    clearTimeout(this.#listening);
    this.#previews.clear();
    this.#socket?.close();
  }

  #connect(): void {
    const socket = this.#open();
    let opened = false;
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      opened = true;
      this.#begin();
    };
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ code }) => void this.#lose(socket, { code, opened });
  }

  #begin(): void {
    this.#attempt = 0;
    this.#listen();
    for (const message of this.#outbox.resend()) this.#say(message);
    this.#enter('open');
  }

  #say(message: ClientMessage): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #hear(data: unknown): void {
    this.#asked = false;
    if (data instanceof ArrayBuffer) this.#previews.put(data);
    const message = typeof data === 'string' ? readServerMessage(data) : undefined;
    if (message === undefined) return;
    this.#outbox.heard(message);
    this.#emitter.emit('message', message);
  }

  /** A network that is gone often says nothing: after a silence a ping is sent, after another the socket is given up. */
  #listen(): void {
    clearTimeout(this.#listening);
    const socket = this.#socket;
    this.#listening = setTimeout(() => {
      if (socket === undefined || socket !== this.#socket) return;
      if (this.#asked) return void this.#lose(socket, { code: 0, opened: true });
      this.#asked = true;
      this.#say({ type: 'ping', at: Date.now() });
      this.#listen();
    }, this.#world.silence);
  }

  async #lose(socket: WebSocket, { code, opened }: { code: number; opened: boolean }): Promise<void> {
    if (socket !== this.#socket || this.#closed) return;
    this.#socket = undefined;
    this.#asked = false;
    clearTimeout(this.#listening);
    socket.close();
    this.#enter('lost');
    const refused = opened ? undefined : await this.#world.refusal();
    if (this.#closed || this.#socket !== undefined) return;
    if (refused !== undefined) return this.#enter('refused', refused);
    const { backOff } = this.#world;
    const wait = code === tryAgain ? 0 : (backOff[Math.min(this.#attempt, backOff.length - 1)] ?? 1000);
    this.#attempt++;
    this.#retry = setTimeout(() => this.#connectNow(), wait);
  }

  #connectNow(): void {
    clearTimeout(this.#retry);
    if (!this.#closed && this.#socket === undefined && this.state !== 'refused') this.#connect();
  }

  #enter(state: ConnectionState, message?: string): void {
    if (state === this.state && message === undefined) return;
    this.state = state;
    this.#emitter.emit('state', { state, ...(message === undefined ? {} : { message }) });
  }
}

const socketUrl = ({ server }: ServerAddress): string => `${server.replace(/^http/, 'ws').replace(/\/+$/, '')}/v1/socket`;

function protocols({ token }: ServerAddress): readonly string[] {
  return token === undefined ? ['ld.v1'] : ['ld.v1', `ld.token.${base64Url(new TextEncoder().encode(token))}`];
}

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
