import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch, type RequestInit } from 'undici';
import { z } from 'zod';
import { GraphError, type ImageFile } from '../../nodes/kit/index.ts';
import { ImageFile as ImageFileSchema, Problems } from '../http/openapi-schemas.ts';

/** Where a worker's server is, and how to get in. */
export interface ServerAddress {
  /** `http://host:8190`. */
  readonly url: string;
  readonly token: string | undefined;
}

/** A picture that a worker made of a job. */
export interface MadePicture {
  readonly worker: string;
  readonly job: string;
  readonly folder: 'output' | 'preview';
  readonly name: string;
  /** Tells the pictures of the job apart. */
  readonly key: string;
}

/** The job belongs to another worker now. */
export class JobLost extends Error {}

/** A server that does not take a connection, or says nothing more, for this long, in ms, is tried again. */
const silence = { connect: 10_000, answer: 60_000 };

/** Waits between attempts to reach the server, in ms. */
const backOff = [200, 500, 1000, 2000, 5000] as const;

/** An answer that says nothing of the request but that the server has trouble; a full disk is no matter of waiting. */
const passes = (status: number): boolean => status === 429 || (status >= 500 && status !== 507);

const WorkersAnswer = z.object({ workers: z.array(z.object({ id: z.string(), here: z.boolean() })) });

/** An answer that has come to its end. */
interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly bytes: Uint8Array;
}

const isGood = ({ status }: Answer): boolean => status >= 200 && status < 300;

/** The body as JSON; undefined where it is none. */
function jsonOf({ bytes }: Answer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function problemOf(answer: Answer): GraphError {
  const body = Problems.safeParse(jsonOf(answer));
  const [problem] = body.success ? body.data.problems : [];
  const { code = 'internal', message = `The server answered with status ${answer.status}.` } = problem ?? {};
  return new GraphError(code, message);
}

/** The worker's side of the server's HTTP API. A server that is away is waited for until the signal ends it. */
export class ServerClient {
  readonly #address: ServerAddress;
  readonly #onTrouble: (message: string) => void;
  readonly #agent = new Agent({ connect: { timeout: silence.connect }, headersTimeout: silence.answer, bodyTimeout: silence.answer });

  constructor(address: ServerAddress, onTrouble: (message: string) => void) {
    this.#address = address;
    this.#onTrouble = onTrouble;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Gives a picture to the server, and the name that it has there back. Throws `JobLost`, or what the server says. */
  async send(path: string, { worker, job, ...query }: MadePicture, signal: AbortSignal): Promise<ImageFile> {
    const place = `/v1/workers/${encodeURIComponent(worker)}/jobs/${encodeURIComponent(job)}/pictures`;
    const body = await readFile(path);
    const answer = await this.#askPatiently(`${place}?${new URLSearchParams(query)}`, signal, { method: 'POST', body });
    if (answer.status === 409) throw new JobLost();
    if (!isGood(answer)) throw problemOf(answer);
    return ImageFileSchema.parse(jsonOf(answer));
  }

  /** The bytes of an input picture; undefined if it is what `etag` stands for, or not there. */
  async input(name: string, etag: string | undefined, signal: AbortSignal): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    const path = name.split('/').map(encodeURIComponent).join('/');
    const headers: Record<string, string> = etag === undefined ? {} : { 'If-None-Match': etag };
    const answer = await this.#askPatiently(`/v1/images/input/${path}`, signal, { headers });
    if (answer.status === 304 || answer.status === 404) return undefined;
    if (!isGood(answer)) throw problemOf(answer);
    return { bytes: answer.bytes, etag: answer.etag ?? '' };
  }

  /** Is the server there, and does it take this token and share its queue? Throws in a sentence. */
  async check(): Promise<void> {
    const { url } = this.#address;
    const answer = await this.#ask('/v1/workers', {}).catch(() => undefined);
    // It may come later.
    if (answer === undefined) return;
    if (!isGood(answer)) throw problemOf(answer);
    const told = WorkersAnswer.safeParse(jsonOf(answer));
    if (!told.success) throw new GraphError('bad-value', `At ${url} is no server of litegraph-diffusion. Check --server.`);
    if (told.data.workers.some(({ id }) => id === 'here'))
      throw new GraphError('bad-value', `The server at ${url} shares its queue with nobody. Start it with the same --queue postgres://….`);
  }

  /** The id of the server among the hosts of its queue. */
  async id(signal: AbortSignal): Promise<string> {
    for (;;) {
      const answer = await this.#askPatiently('/v1/workers', signal, {});
      if (!isGood(answer)) throw problemOf(answer);
      const { workers } = WorkersAnswer.parse(jsonOf(answer));
      const server = workers.find(({ here }) => here);
      if (server !== undefined) return server.id;
      // It has only just started.
      await delay(backOff[0], undefined, { signal });
    }
  }

  #headers(): Record<string, string> {
    const { token } = this.#address;
    return token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  async #ask(path: string, init: RequestInit): Promise<Answer> {
    const headers = { ...this.#headers(), ...init.headers };
    const response = await fetch(this.#address.url + path, { ...init, headers, dispatcher: this.#agent });
    const { status } = response;
    return { status, etag: response.headers.get('etag'), bytes: new Uint8Array(await response.arrayBuffer()) };
  }

  /** Asks until there is a whole answer that says something of the request. */
  async #askPatiently(path: string, signal: AbortSignal, init: RequestInit): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#ask(path, { ...init, signal }).catch((thrown: unknown) => {
        signal.throwIfAborted();
        this.#onTrouble(`The server at ${this.#address.url} cannot be reached (${reasonOf(thrown)}); it is tried again.`);
        return undefined;
      });
      if (answer !== undefined && !passes(answer.status)) return answer;
      await delay(backOff[Math.min(attempt, backOff.length - 1)], undefined, { signal });
    }
  }
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause instanceof Error ? thrown.cause.message : thrown.message;
}

/** Is the file there? */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
