import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The project's own folder. */
export const root = resolve(import.meta.dirname, '../..');

/** The command that users run. */
export const command = join(root, 'bin', 'litegraph-diffusion.mjs');

/** As on a terminal without colours, wherever the tests run: a build server's `CI` asks for them too. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _, ...others } = process.env;
  return { ...others, NO_COLOR: '1' };
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** A run of the command line, and all it has written. */
export class Program {
  readonly child: ChildProcess;
  output = '';
  errors = '';
  readonly exit: Promise<number | null>;

  /** Arguments of our command; before them, as a list, a command that is to run it. */
  constructor(first: string | readonly string[], ...args: string[]) {
    const [wrapper, rest] = typeof first === 'string' ? [[], [first, ...args]] : [first, args];
    const [program = '', ...line] = [...wrapper, process.execPath, command, ...rest];
    this.child = spawn(program, line, { cwd: root, env: plainEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.errors += chunk.toString();
    });
    this.exit = new Promise((done) => this.child.once('close', (code) => done(code)));
  }

  /** Gives it its standard input and waits until it ends. */
  async ended(input = ''): Promise<Ended> {
    this.child.stdin?.on('error', () => undefined).end(input);
    const code = await this.exit;
    return { code, output: this.output, errors: this.errors };
  }

  /** Waits until standard output and error together hold this. */
  async says(words: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = words.exec(this.output + this.errors);
      if (found !== null) return found;
      const ended = await Promise.race([this.exit.then(() => true), this.#more()]);
      if (ended === true) throw new Error(`It ended before it said ${words}: ${this.errors}`);
    }
  }

  #more(): Promise<unknown> {
    return new Promise((heard) => {
      this.child.stdout?.once('data', heard);
      this.child.stderr?.once('data', heard);
    });
  }
}
