import type { WebSocket } from 'ws';
import { z } from 'zod';
import { decodePreview, type RunEvent, type StateEvent } from '../../workflows/protocol.ts';
import type { ServerContext } from '../http/context.ts';
import { JobId } from '../http/schemas.ts';

/** The subprotocol that workers speak. */
export const workerProtocol = 'ld.worker.v1';

/** What a worker sends as JSON. `first` begins a run; `events` holds events as JSON, one after the other. */
export const WorkerMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('hello'), worker: z.string().min(1).max(100) }),
  z.strictObject({ type: z.literal('events'), job: JobId, first: z.boolean(), events: z.string() }),
]);
export type WorkerMessage = z.infer<typeof WorkerMessage>;

/** The first byte of a binary frame. */
export const frameKinds = { preview: 0, recorded: 1 } as const;

const RecordedHeader = z.object({
  job: JobId,
  node: z.string(),
  index: z.number(),
  total: z.number(),
  sigma: z.number().optional(),
  width: z.number(),
  height: z.number(),
});

/** WebSocket close code: the other side breaks the rules. */
const brokenRules = 1008;

/** One worker's socket: what it tells of its jobs is noted in this server's logs. */
export class WorkerLink {
  readonly #socket: WebSocket;
  readonly #context: ServerContext;
  #worker = '';
  #last: Promise<void> = Promise.resolve();
  /** Has anything been heard since the last heartbeat? */
  #alive = true;

  constructor(socket: WebSocket, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    socket.on('message', (data, binary) => {
      this.#alive = true;
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
      this.#last = this.#last.then(() => this.#hear(bytes, binary)).catch((thrown: unknown) => this.#fail(thrown));
    });
    socket.on('pong', () => {
      this.#alive = true;
    });
    // Errors of a socket are always followed by its end.
    socket.on('error', () => undefined);
  }

  /** A heartbeat: false if the last one was not answered. */
  beat(): boolean {
    const answered = this.#alive;
    this.#alive = false;
    if (answered) this.#socket.ping();
    return answered;
  }

  async #hear(bytes: Buffer, binary: boolean): Promise<void> {
    if (binary) {
      this.#picture(bytes);
      return;
    }
    const message = WorkerMessage.parse(JSON.parse(bytes.toString('utf8')));
    if (message.type === 'hello') {
      this.#worker = message.worker;
      await this.#context.jobs.elsewhere?.arrived();
    } else {
      // Written by this program, on a host that knows the token.
      const events: (RunEvent | StateEvent)[] = JSON.parse(message.events);
      await this.#context.jobs.elsewhere?.take(this.#worker, message.job, { first: message.first, events });
    }
  }

  #picture(bytes: Buffer): void {
    const frame = bytes.subarray(1);
    const decoded = decodePreview(frame);
    const { elsewhere } = this.#context.jobs;
    if (decoded === undefined) throw new Error('A binary frame is no picture.');
    if (bytes[0] === frameKinds.preview) elsewhere?.preview(this.#worker, { header: decoded.header, frame });
    else {
      const { sigma, ...header } = RecordedHeader.parse(decoded.header);
      elsewhere?.recorded(this.#worker, { ...header, ...(sigma === undefined ? {} : { sigma }) }, decoded.bytes);
    }
  }

  #fail(thrown: unknown): void {
    this.#context.log.warn({ err: thrown, worker: this.#worker }, 'A worker sent what cannot be understood');
    this.#socket.close(brokenRules, 'This message cannot be understood.');
  }
}
