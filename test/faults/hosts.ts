import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf, commandOf, isAlive } from '../server/processes.ts';
import { Program } from '../server/program.ts';
import type { Victim } from './batch.ts';

/** A server or a worker that is started again when it was killed. */
export class Host {
  readonly name: string;
  readonly #start: () => Program;
  #program: Program;
  port = 0;

  constructor(name: string, start: () => Program) {
    this.name = name;
    this.#start = start;
    this.#program = start();
  }

  get pid(): number {
    return this.#program.child.pid ?? 0;
  }

  get errors(): string {
    return this.#program.errors;
  }

  /** Waits until it says that it is there. */
  async ready(): Promise<this> {
    const [, , port] = await this.#program.says(/(litegraph-diffusion is at http:\/\/[^ :]+:(\d+)|This worker runs jobs)/);
    this.port = Number(port ?? 0);
    return this;
  }

  /** Kills it, all at once, and does not start it again. */
  async end(): Promise<void> {
    this.#program.child.kill('SIGKILL');
    await this.#program.exit;
  }

  /** Sends a signal to its process and all below it. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of [this.pid, ...descendantsOf(this.pid)]) process.kill(pid, signal);
  }

  /** Itself as a victim. */
  get victim(): Victim {
    return {
      name: this.name,
      kill: async () => {
        await this.end();
        this.#program = this.#start();
        await this.ready();
      },
    };
  }

  /** One of its children, by what stands in its command. */
  child(name: string, words: string): Victim {
    return {
      name,
      kill: async () => {
        const [pid] = descendantsOf(this.pid).filter((child) => commandOf(child).includes(words));
        // It may be on its way up after the last hit.
        if (pid === undefined) return;
        process.kill(pid, 'SIGKILL');
        while (isAlive(pid)) await delay(10);
      },
    };
  }
}

function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** A command that starts anew with the same arguments, whenever it is asked to. */
export const host = (name: string, first: string | readonly string[], ...args: string[]): Promise<Host> =>
  new Host(name, () => new Program(first, ...args)).ready();
