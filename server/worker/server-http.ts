import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch, type RequestInit } from 'undici';
import { GraphError } from '../../nodes/kit/index.ts';
import { Problems } from '../http/openapi-schemas.ts';

/** Where a server is, and how to get in. */
export interface ServerAddress {
  /** `http://host:8190`. */
  readonly url: string;
  readonly token: string | undefined;
}

/** The address of a server as it is written on the command line. Throws `bad-value`. */
export function serverUrl(text: string): string {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return new URL(text).origin;
  throw new GraphError('bad-value', `--server expects an address such as http://192.168.1.10:8190, got “${text}”.`);
}

/** A server that does not take a connection, or says nothing more, for this long, in ms, is tried again. */
const silence = { connect: 10_000, answer: 60_000 };

/** Waits between attempts to reach the server, in ms. */
const backOff = [200, 500, 1000, 2000, 5000] as const;

/** An answer that says nothing of the request but that the server has trouble; a full disk is no matter of waiting. */
const passes = (status: number): boolean => status === 429 || (status >= 500 && status !== 507);

/** A request that the server itself stumbles over so often is at fault. */
const mostFaults = 8;

/** An answer that has come to its end. */
export interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly bytes: Uint8Array;
}

export const isGood = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** The body as JSON; undefined where it is none. */
export function jsonOf({ bytes }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** What the server says against a request. */
export function problemOf(answer: Answer): GraphError {
  const body = Problems.safeParse(jsonOf(answer));
  const [problem] = body.success ? body.data.problems : [];
  const { code = 'internal', message = `The server answered with status ${answer.status}.` } = problem ?? {};
  return new GraphError(code, message);
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
}

/** Requests to a server's HTTP API, each with its whole answer. */
export class ServerHttp {
  readonly #address: ServerAddress;
  readonly #onTrouble: (message: string) => void;
  readonly #agent = new Agent({ connect: { timeout: silence.connect }, headersTimeout: silence.answer, bodyTimeout: silence.answer });

  constructor(address: ServerAddress, onTrouble: (message: string) => void) {
    this.#address = address;
    this.#onTrouble = onTrouble;
  }

  get url(): string {
    return this.#address.url;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Asks once. Throws `busy` where the server cannot be reached. */
  async ask(path: string, init: RequestInit): Promise<Answer> {
    const { url, token } = this.#address;
    const headers = { ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }), ...init.headers };
    try {
      const response = await fetch(url + path, { ...init, headers, dispatcher: this.#agent });
      return { status: response.status, etag: response.headers.get('etag'), bytes: new Uint8Array(await response.arrayBuffer()) };
    } catch (thrown) {
      init.signal?.throwIfAborted();
      throw new GraphError('busy', `The server at ${url} cannot be reached (${reasonOf(thrown)}).`, { cause: thrown });
    }
  }

  /** Asks until there is a whole answer that says something of the request, or the signal is aborted. */
  async askPatiently(path: string, signal: AbortSignal, init: RequestInit): Promise<Answer> {
    for (let [attempt, faults] = [0, 0]; ; attempt++) {
      const answer = await this.ask(path, { ...init, signal }).catch((thrown: unknown) => {
        if (!(thrown instanceof GraphError)) throw thrown;
        this.#onTrouble(`${thrown.message} It is tried again.`);
        return undefined;
      });
      if (answer?.status === 500) faults++;
      if (answer !== undefined && (!passes(answer.status) || faults >= mostFaults)) return answer;
      await delay(backOff[Math.min(attempt, backOff.length - 1)], undefined, { signal });
    }
  }
}
