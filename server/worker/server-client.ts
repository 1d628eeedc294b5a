import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { GraphError, type ImageFile } from '../../nodes/kit/index.ts';
import { ImageFile as ImageFileSchema } from '../http/openapi-schemas.ts';
import { isGood, jsonOf, problemOf, type ServerAddress, ServerHttp } from './server-http.ts';

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

/** A server that has only just started is asked again after this, in ms. */
const newcomer = 200;

const WorkersAnswer = z.object({ workers: z.array(z.object({ id: z.string(), here: z.boolean() })) });

/** The worker's side of the server's HTTP API. A server that is away is waited for until the signal ends it. */
export class ServerClient {
  readonly #http: ServerHttp;

  constructor(address: ServerAddress, onTrouble: (message: string) => void) {
    this.#http = new ServerHttp(address, onTrouble);
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** Gives a picture to the server, and the name that it has there back. Throws `JobLost`, or what the server says. */
  async send(path: string, { worker, job, ...query }: MadePicture, signal: AbortSignal): Promise<ImageFile> {
    const place = `/v1/workers/${encodeURIComponent(worker)}/jobs/${encodeURIComponent(job)}/pictures`;
    const body = await readFile(path);
    const answer = await this.#http.askPatiently(`${place}?${new URLSearchParams(query)}`, signal, { method: 'POST', body });
    if (answer.status === 409) throw new JobLost();
    if (!isGood(answer)) throw problemOf(answer);
    return ImageFileSchema.parse(jsonOf(answer));
  }

  /** The bytes of an input picture; undefined if it is what `etag` stands for, or not there. */
  async input(name: string, etag: string | undefined, signal: AbortSignal): Promise<{ bytes: Uint8Array; etag: string } | undefined> {
    const path = name.split('/').map(encodeURIComponent).join('/');
    const headers: Record<string, string> = etag === undefined ? {} : { 'If-None-Match': etag };
    const answer = await this.#http.askPatiently(`/v1/images/input/${path}`, signal, { headers });
    if (answer.status === 304 || answer.status === 404) return undefined;
    if (!isGood(answer)) throw problemOf(answer);
    return { bytes: answer.bytes, etag: answer.etag ?? '' };
  }

  /** Is the server there, and does it take this token and share its queue? Throws in a sentence. */
  async check(): Promise<void> {
    const { url } = this.#http;
    const answer = await this.#http.ask('/v1/workers', {}).catch(() => undefined);
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
      const answer = await this.#http.askPatiently('/v1/workers', signal, {});
      if (!isGood(answer)) throw problemOf(answer);
      const { workers } = WorkersAnswer.parse(jsonOf(answer));
      const server = workers.find(({ here }) => here);
      if (server !== undefined) return server.id;
      // It has only just started.
      await delay(newcomer, undefined, { signal });
    }
  }
}

/** Is the file there? */
export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
