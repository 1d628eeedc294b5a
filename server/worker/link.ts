import { WebSocket } from 'ws';
import type { RecordedHeader, RunEvent, StateEvent } from '../../workflows/protocol.ts';
import { encodePreview, isFinal } from '../../workflows/protocol.ts';
import type { JobBook, JobPreview } from '../jobs/book.ts';
import { frameKinds, type WorkerMessage, workerProtocol } from '../socket/worker-link.ts';
import type { ServerAddress } from './server-http.ts';

/** Between two attempts to open the socket, in ms. */
const retry = 1000;

/** A server that has not been heard of for this long, in ms, is connected to anew. */
const mostSilence = 75_000;

/** Pictures are left out while more than this, in bytes, is not sent yet. */
const backlog = 512 * 1024;

/** Tells the server what happens here: events of the jobs that run, previews, recorded steps. What it misses while it is away it is told again. */
export class Link {
  readonly #address: ServerAddress;
  readonly #worker: string;
  readonly #book: JobBook;
  /** Jobs whose run has begun and not ended. */
  readonly #running = new Set<string>();
  /** Events that go out together at the end of this turn, by job. */
  readonly #waiting = new Map<string, (RunEvent | StateEvent)[]>();
  readonly #forget: () => void;
  #socket: WebSocket | undefined;
  #again: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(address: ServerAddress, worker: string, book: JobBook) {
    this.#address = address;
    this.#worker = worker;
    this.#book = book;
    this.#forget = book.listen({
      event: ({ event: { job, seq: _, ...event } }) => this.#hear(job, event),
      preview: (preview) => this.#preview(preview),
    });
    this.#open();
  }

  recorded(header: RecordedHeader, jpeg: Uint8Array): void {
    // None of these is dropped while the socket is open.
    if (this.#isOpen) this.#socket?.send(framed('recorded', encodePreview({ mime: 'image/jpeg', ...header }, jpeg)));
  }

  close(): void {
    this.#closed = true;
    this.#forget();
    this.#flush();
    clearTimeout(this.#again);
    clearTimeout(this.#silence);
    this.#socket?.close(1000);
  }

  get #isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #open(): void {
    const { url, token } = this.#address;
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/workers/socket`, [workerProtocol], {
      headers,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('open', () => {
      this.#listen(socket);
      this.#send({ type: 'hello', worker: this.#worker });
      this.#waiting.clear();
      for (const job of this.#running) this.#sendAll(job);
    });
    socket.on('ping', () => this.#listen(socket));
    // Errors of a socket are always followed by its end.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!this.#closed) this.#again = setTimeout(() => this.#open(), retry);
    });
  }

  /** A server that went without a word does not ping any more. */
  #listen(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => socket.terminate(), mostSilence).unref();
  }

  /** What was heard of a running job since its run began. */
  #sendAll(job: string): void {
    const entries = this.#book.log(job)?.after(0) ?? [];
    const begin = entries.findLastIndex(({ event }) => event.type === 'state' && event.state === 'running');
    const events = entries.slice(begin + 1).map(({ event: { job: _, seq: __, ...event } }) => event);
    this.#send({ type: 'events', job, first: true, events: JSON.stringify(events) });
  }

  #hear(job: string, event: RunEvent | StateEvent): void {
    if (event.type === 'state' && event.state === 'running') {
      this.#running.add(job);
      this.#flush();
      if (this.#isOpen) this.#send({ type: 'events', job, first: true, events: '[]' });
      return;
    }
    if (!this.#running.has(job)) return;
    if (event.type === 'state') this.#running.delete(job);
    if (!this.#isOpen) return;
    if (this.#waiting.size === 0) setImmediate(() => this.#flush());
    const events = this.#waiting.get(job) ?? [];
    events.push(event);
    this.#waiting.set(job, events);
    if (event.type === 'state' && isFinal(event.state)) this.#flush();
  }

  #flush(): void {
    for (const [job, events] of this.#waiting) this.#send({ type: 'events', job, first: false, events: JSON.stringify(events) });
    this.#waiting.clear();
  }

  #preview({ frame }: JobPreview): void {
    if (this.#isOpen && (this.#socket?.bufferedAmount ?? 0) < backlog) this.#socket?.send(framed('preview', frame));
  }

  #send(message: WorkerMessage): void {
    if (this.#isOpen) this.#socket?.send(JSON.stringify(message));
  }
}

function framed(kind: keyof typeof frameKinds, frame: Uint8Array): Uint8Array {
  const whole = new Uint8Array(frame.length + 1);
  whole[0] = frameKinds[kind];
  whole.set(frame, 1);
  return whole;
}
