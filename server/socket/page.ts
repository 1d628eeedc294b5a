import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { GraphError, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { isFinal, type ServerMessage } from '../../workflows/protocol.ts';
import type { ServerContext } from '../http/context.ts';
import type { JobPreview } from '../jobs/book.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LogEntry } from '../jobs/log.ts';
import { readAgain, submitRun } from '../jobs/submit.ts';
import { type CheckedMessage, readMessage } from './messages.ts';
import { Outbox, type Wire } from './outbox.ts';

/** Jobs that one page may watch at once; the oldest give way. */
const maxWatched = 1000;

/** Messages that are not understood before the socket is closed. */
const maxFaults = 100;

/** WebSocket close codes: 1013 asks to come again, 1008 tells that the other side breaks the rules. */
const tryAgain = 1013;
const brokenRules = 1008;

/** What is sent within one turn of the event loop goes out in one write: a run of cached nodes is hundreds of small events. */
function corked(socket: WebSocket, stream: Duplex): Wire {
  let held = false;
  const release = (): void => {
    held = false;
    stream.uncork();
  };
  return {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send(data, sent) {
      if (!held) {
        held = true;
        stream.cork();
        process.nextTick(release);
      }
      socket.send(data, sent);
    },
  };
}

type QueueMessage = Extract<CheckedMessage, { type: 'pause' | 'hold' | 'move' | 'prioritise' }>;

/** Whatever changes the queue; all pages hear of it. */
async function changeQueue(message: QueueMessage, jobs: Jobs): Promise<void> {
  if (message.type === 'pause') await jobs.pause(message.paused);
  else if (message.type === 'move') await jobs.move(message.jobs, message.to);
  else if (message.type === 'prioritise') await jobs.prioritise(message.jobs, message.priority);
  else for (const id of message.jobs) await jobs.hold(id, message.paused);
}

/** One open socket: what it watches, and what it is told. */
export class Page {
  readonly #socket: WebSocket;
  readonly #context: ServerContext;
  readonly #outbox: Outbox;
  readonly #watched = new Set<string>();
  #previews = true;
  #faults = 0;
  #last: Promise<void> = Promise.resolve();
  /** Has anything been heard since the last heartbeat? */
  alive = true;

  constructor(socket: WebSocket, stream: Duplex, context: ServerContext) {
    this.#socket = socket;
    this.#context = context;
    this.#outbox = new Outbox(corked(socket, stream), context.limits, () =>
      socket.close(tryAgain, 'Reading too slowly; connect again for the present state.'),
    );
    socket.on('message', (data, binary) => this.#hear(data, binary));
    socket.on('pong', () => {
      this.alive = true;
    });
    // Errors of a socket are always followed by its end.
    socket.on('error', () => undefined);
  }

  /** Sends a message that must arrive. */
  tell(message: ServerMessage): void {
    this.#outbox.message(JSON.stringify(message));
  }

  /** Everything of the jobs that this page watches, and the states of all others. */
  event(entry: LogEntry): void {
    const { event } = entry;
    if (event.type !== 'state' && !this.#watched.has(event.job)) return;
    this.#outbox.event(entry);
    if (event.type === 'state' && isFinal(event.state)) this.#watched.delete(event.job);
  }

  preview(preview: JobPreview): void {
    if (this.#previews && this.#watched.has(preview.header.job)) this.#outbox.preview(preview);
  }

  /** A heartbeat: false if the last one was not answered. */
  beat(): boolean {
    const answered = this.alive;
    this.alive = false;
    if (answered) this.#socket.ping();
    return answered;
  }

  #hear(data: Buffer | ArrayBuffer | Buffer[], binary: boolean): void {
    this.alive = true;
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    const reading = readMessage(bytes, binary);
    if ('message' in reading) void this.#inTurn(reading.message);
    else this.#reject(reading.id, reading.problems);
  }

  /** One message after the other, so that a cancel finds the run before it; nothing more is read meanwhile. */
  async #inTurn(message: CheckedMessage): Promise<void> {
    const turn = this.#last.then(() => this.#obey(message));
    this.#last = turn;
    this.#socket.pause();
    await turn;
    if (this.#last === turn) this.#socket.resume();
  }

  #reject(id: string, problems: readonly Problem[]): void {
    this.tell({ type: 'rejected', id, problems });
    this.#faults++;
    if (this.#faults >= maxFaults) this.#socket.close(brokenRules, 'Too many messages that cannot be understood.');
  }

  async #obey(message: CheckedMessage): Promise<void> {
    try {
      if (message.type === 'run') await this.#run(message);
      else if (message.type === 'cancel') await this.#cancel(message.job);
      else if (message.type === 'retry') await this.#retry(message);
      else if (message.type === 'watch') await this.#watch(message);
      else if (message.type === 'ping') this.tell({ type: 'pong', at: message.at });
      else await changeQueue(message, this.#context.jobs);
    } catch (thrown) {
      this.#fail(message, thrown);
    }
  }

  #fail(message: CheckedMessage, thrown: unknown): void {
    const problem = toProblem(thrown);
    if (problem.code === 'internal') this.#context.log.error({ err: thrown }, `A “${message.type}” message failed`);
    const id = message.type === 'run' || message.type === 'retry' ? message.id : message.type === 'cancel' ? message.job : '';
    this.tell({ type: 'rejected', id, problems: [problem] });
  }

  async #run(wish: Extract<CheckedMessage, { type: 'run' }>): Promise<void> {
    const repeated = this.#context.jobs.log(wish.id) !== undefined;
    const watched = this.#watched.has(wish.id);
    this.#add(wish.id);
    try {
      const { document } = this.#context.limits;
      if (wish.workflow.length > document)
        throw new GraphError('too-large', `The workflow has more than ${document} characters. Split it into smaller ones.`);
      const answer = await submitRun({ wish }, this.#context);
      if ('problems' in answer) {
        if (!watched) this.#watched.delete(wish.id);
        this.tell({ type: 'rejected', id: wish.id, problems: answer.problems });
        return;
      }
      const { job } = answer;
      this.tell({ type: 'accepted', id: job.id, position: job.position ?? 0 });
      if (repeated) await this.#present(job.id);
    } catch (thrown) {
      if (!watched) this.#watched.delete(wish.id);
      throw thrown;
    }
  }

  async #cancel(id: string): Promise<void> {
    if ((await this.#context.jobs.cancel(id)) === undefined) this.tell({ type: 'unknown-job', id });
  }

  async #retry({ job, id }: Extract<CheckedMessage, { type: 'retry' }>): Promise<void> {
    this.#add(id);
    const again = await this.#context.jobs.retry(job, async (source) => ({ ...(await readAgain(source, this.#context)), id }));
    if (again !== undefined) this.tell({ type: 'accepted', id, position: again.position ?? 0 });
    else this.tell({ type: 'unknown-job', id: job });
  }

  async #watch({ jobs, previews }: Extract<CheckedMessage, { type: 'watch' }>): Promise<void> {
    if (previews !== undefined) this.#previews = previews;
    for (const id of jobs) {
      this.#add(id);
      await this.#present(id);
    }
  }

  /** Unknown ids are watched too: a page may ask just before somebody sends the job by HTTP. */
  #add(id: string): void {
    this.#watched.delete(id);
    this.#watched.add(id);
    for (const oldest of this.#watched) {
      if (this.#watched.size <= maxWatched) return;
      this.#watched.delete(oldest);
    }
  }

  /** The present state of a job, and its newest preview. */
  async #present(id: string): Promise<void> {
    const { jobs } = this.#context;
    const job = jobs.snapshot(id) ?? (await jobs.find(id));
    if (job === undefined) {
      this.tell({ type: 'unknown-job', id });
      return;
    }
    this.tell({ type: 'snapshot', job });
    if (isFinal(job.state)) this.#watched.delete(id);
    const preview = this.#context.jobs.lastPreview(id);
    if (preview !== undefined) this.preview(preview);
  }
}
