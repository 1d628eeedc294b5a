import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { GridJob } from '../batch/grid.ts';

/** A smaller WebP copy of the picture `from` is to be written to `to`. */
export interface ShrinkJob {
  readonly from: string;
  readonly to: string;
  readonly width: number;
}

/** What the child answers. */
export const ShrinkAnswer = z.object({ error: z.string().optional() });

/** The child is ended when it has had nothing to do for this long, or does not answer for this long, in ms. */
const idle = 20_000;
const patience = 20_000;

/** Decodes pictures in a process of its own, so that a picture made to break a decoder breaks only that. Started with the first job. */
export class ShrinkChild {
  #child: ChildProcess | undefined;
  #last: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** One job after the other; rejects with the reason. */
  run(job: ShrinkJob | GridJob): Promise<void> {
    const result = this.#last.then(() => this.#ask(job));
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Ends the child and waits for its end. */
  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async #ask(job: ShrinkJob | GridJob): Promise<void> {
    clearTimeout(this.#idle);
    const child = this.#child ?? start();
    this.#child = child;
    try {
      const { error } = ShrinkAnswer.parse(await answerOf(child, job));
      if (error !== undefined) throw new Error(error);
    } catch (thrown) {
      if (child.killed || !child.connected) this.#child = undefined;
      throw thrown;
    } finally {
      this.#idle = setTimeout(() => void this.close(), idle).unref();
    }
  }
}

function start(): ChildProcess {
  const child = fork(fileURLToPath(new URL('./shrink-child.js', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    execArgv: [],
  });
  child.unref();
  child.channel?.unref();
  return child;
}

function answerOf(child: ChildProcess, job: ShrinkJob | GridJob): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => child.kill('SIGKILL'), patience);
    const finish = (settle: () => void): void => {
      clearTimeout(late);
      child.off('message', heard).off('exit', lost).off('error', lost);
      settle();
    };
    const heard = (answer: unknown): void => finish(() => resolve(answer));
    const lost = (): void => finish(() => reject(new Error('The process that makes thumbnails ended.')));
    child.on('message', heard).on('exit', lost).on('error', lost);
    child.send({ ...job });
  });
}
