import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { DeviceStatus, QueueSummary, ServerMessage } from '../../workflows/protocol.ts';
import type { Engine } from '../engine/types.ts';
import type { ServerContext } from '../http/context.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { Page } from './page.ts';
import { WorkerLink } from './worker-link.ts';

/** How long a page may take to say goodbye, in ms. */
const farewell = 1000;

const noDevice: DeviceStatus = {
  device: 'none',
  provider: '',
  state: 'ready',
  message: 'The server has no device of its own; workers run the jobs.',
};

/** Jobs that a page is told of when it comes; the others it may ask for. */
const welcomed = 500;

/** The queue in short. */
const queueSummary = ({ paused, waitingCount }: Jobs): QueueSummary => ({ paused, waiting: waitingCount });

/** Tells pages that the queue has changed. */
export const queueMessage = (jobs: Jobs): ServerMessage => ({ type: 'queue', queue: queueSummary(jobs) });

/** Tells pages what is in the memory of devices. */
export const loadedMessage = (engines: readonly Engine[]): ServerMessage => ({
  type: 'loaded',
  networks: engines.flatMap(({ loaded }) => loaded),
});

/** All open pages. */
export class SocketHub {
  readonly #context: ServerContext;
  readonly #pages = new Map<WebSocket, Page>();
  readonly #workers = new Map<WebSocket, WorkerLink>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #forget: () => void;

  constructor(context: ServerContext) {
    this.#context = context;
    this.#heartbeat = setInterval(() => this.#beat(), context.limits.heartbeat).unref();
    this.#forget = context.jobs.listen({
      event: (entry) => {
        for (const page of this.#pages.values()) page.event(entry);
      },
      preview: (preview) => {
        for (const page of this.#pages.values()) page.preview(preview);
      },
    });
  }

  get size(): number {
    return this.#pages.size;
  }

  /** Takes a new socket in, with the stream below it, and tells it where everything stands. */
  welcome(socket: WebSocket, stream: Duplex): void {
    const page = new Page(socket, stream, this.#context);
    this.#pages.set(socket, page);
    socket.on('close', () => this.#pages.delete(socket));
    void this.#greet(page);
  }

  /** A page that comes while the queue is read waits for that, so that it hears of its jobs. */
  async #greet(page: Page): Promise<void> {
    const { version, devices, jobs } = this.#context;
    await jobs.ready;
    page.tell({ type: 'welcome', version, device: devices()[0] ?? noDevice, jobs: jobs.unfinished(welcomed), queue: queueSummary(jobs) });
    page.tell(loadedMessage(this.#context.engines));
    if (jobs.elsewhere !== undefined) page.tell({ type: 'workers', workers: this.#context.workers() });
  }

  /** Takes the socket of a worker in. */
  welcomeWorker(socket: WebSocket): void {
    this.#workers.set(socket, new WorkerLink(socket, this.#context));
    socket.on('close', () => this.#workers.delete(socket));
  }

  /** Tells everybody. */
  tellAll(message: ServerMessage): void {
    for (const page of this.#pages.values()) page.tell(message);
  }

  /** Says goodbye to all pages; those that do not answer are cut off. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#forget();
    const sockets = [...this.#pages.keys(), ...this.#workers.keys()];
    await Promise.all(sockets.map(close));
  }

  #beat(): void {
    for (const [socket, side] of [...this.#pages, ...this.#workers]) if (!side.beat()) socket.terminate();
  }
}

function close(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => socket.terminate(), farewell);
    socket.on('close', () => {
      clearTimeout(cut);
      resolve();
    });
    socket.close(1001, 'The server is going down.');
  });
}
