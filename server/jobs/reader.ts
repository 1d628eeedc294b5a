import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Catalogue } from '../../nodes/kit/index.ts';
import { type Reading, type RunSource, readRun } from './read.ts';

/** Documents up to this many characters take a few milliseconds and are read on the spot; larger ones in a thread of their own. */
const small = 128 * 1024;

/** The thread is ended when it has had nothing to do for this long, in ms. */
const idle = 20_000;

/** What the thread is sent and what it answers. */
export interface ReadTask {
  readonly source: RunSource;
  readonly specs: Catalogue;
}

const sizeOf = (source: RunSource): number => {
  if ('body' in source) return source.body.length;
  if ('kept' in source) return source.kept.length;
  return typeof source.wish.workflow === 'string' ? source.wish.workflow.length : 0;
};

/** Reads documents without ever holding up the server, one large one at a time. */
export class DocumentReader {
  /** Threads run compiled code only; from the sources everything is read on the spot. */
  readonly #entry = new URL('./read-worker.js', import.meta.url);
  readonly #threads = existsSync(this.#entry);
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** Never rejects for what is in the document; rejects when the thread itself fails. */
  read(source: RunSource, catalogue: Catalogue): Promise<Reading> {
    if (!this.#threads || sizeOf(source) <= small) return Promise.resolve(readRun(source, catalogue));
    const reading = this.#last.then(() => this.#ask({ source, specs: catalogue }));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #ask(task: ReadTask): Promise<Reading> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? new Worker(this.#entry);
    this.#worker = worker;
    worker.unref();
    try {
      return await answerOf(worker, task);
    } catch (thrown) {
      this.#worker = undefined;
      throw thrown;
    } finally {
      this.#idle = setTimeout(() => void this.close(), idle).unref();
    }
  }
}

function answerOf(worker: Worker, task: ReadTask): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      worker.off('message', heard).off('error', failed).off('exit', ended);
      settle();
    };
    const heard = (reading: Reading): void => finish(() => resolve(reading));
    const failed = (error: unknown): void => finish(() => reject(error));
    const ended = (): void => failed(new Error('The thread that reads documents ended.'));
    worker.on('message', heard).on('error', failed).on('exit', ended);
    worker.postMessage(task);
  });
}
