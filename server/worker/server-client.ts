import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
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

/** Waits between attempts to reach the server, in ms. */
const backOff = [200, 500, 1000, 2000, 5000] as const;

/** An answer that says nothing of the request but that the server has trouble; a full disk is no matter of waiting. */
const passes = (status: number): boolean => status === 429 || (status >= 500 && status !== 507);

async function problemOf(response: Response): Promise<GraphError> {
  const body = Problems.safeParse(await response.json().catch(() => undefined));
  const [problem] = body.success ? body.data.problems : [];
  const { code = 'internal', message = `The server answered with status ${response.status}.` } = problem ?? {};
  return new GraphError(code, message);
}

/** The worker's side of the server's HTTP API. A server that is away is waited for until the signal ends it. */
export class ServerClient {
  readonly #address: ServerAddress;
  readonly #onTrouble: (message: string) => void;

  constructor(address: ServerAddress, onTrouble: (message: string) => void) {
    this.#address = address;
    this.#onTrouble = onTrouble;
  }

  /** Gives a picture to the server, and the name that it has there back. Throws `JobLost`, or what the server says. */
  async send(path: string, { worker, job, ...query }: MadePicture, signal: AbortSignal): Promise<ImageFile> {
    const place = `/v1/workers/${encodeURIComponent(worker)}/jobs/${encodeURIComponent(job)}/pictures`;
    const body = await readFile(path);
    const response = await this.#ask(`${place}?${new URLSearchParams(query)}`, signal, { method: 'POST', body });
    if (response.status === 409) throw new JobLost();
    if (!response.ok) throw await problemOf(response);
    return ImageFileSchema.parse(await response.json());
  }

  /** The bytes of an input picture; undefined if it is what `etag` stands for, or not there. */
  async input(name: string, etag: string | undefined, signal: AbortSignal): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    const path = name.split('/').map(encodeURIComponent).join('/');
    const headers: Record<string, string> = etag === undefined ? {} : { 'If-None-Match': etag };
    const response = await this.#ask(`/v1/images/input/${path}`, signal, { headers });
    if (response.status === 304 || response.status === 404) return undefined;
    if (!response.ok) throw await problemOf(response);
    return { bytes: new Uint8Array(await response.arrayBuffer()), etag: response.headers.get('etag') ?? '' };
  }

  /** Is the server there, and does it take this token and share its queue? Throws in a sentence. */
  async check(): Promise<void> {
    const { url } = this.#address;
    const response = await fetch(`${url}/v1/workers`, { headers: this.#headers() }).catch(() => undefined);
    // It may come later.
    if (response === undefined) return;
    if (!response.ok) throw await problemOf(response);
    const answer = z.object({ workers: z.array(z.object({ id: z.string() })) }).safeParse(await response.json());
    if (!answer.success) throw new GraphError('bad-value', `At ${url} is no server of litegraph-diffusion. Check --server.`);
    if (answer.data.workers.some(({ id }) => id === 'here'))
      throw new GraphError('bad-value', `The server at ${url} shares its queue with nobody. Start it with the same --queue postgres://….`);
  }

  #headers(): Record<string, string> {
    const { token } = this.#address;
    return token === undefined ? {} : { Authorization: `Bearer ${token}` };
  }

  async #ask(path: string, signal: AbortSignal, init: RequestInit): Promise<Response> {
    const headers = { ...this.#headers(), ...init.headers };
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(this.#address.url + path, { ...init, headers, signal }).catch((thrown: unknown) => {
        signal.throwIfAborted();
        this.#onTrouble(`The server at ${this.#address.url} cannot be reached (${reasonOf(thrown)}); it is tried again.`);
        return undefined;
      });
      if (response !== undefined && !passes(response.status)) return response;
      await response?.body?.cancel();
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
