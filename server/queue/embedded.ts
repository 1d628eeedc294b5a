import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { GraphError } from '../../nodes/kit/index.ts';
import type { Database, Row, Statement, Urgency } from './database.ts';
import type { FromDatabase, ToDatabase } from './messages.ts';

/** Where the embedded database lives and what it says aloud. */
export interface EmbeddedOptions {
  /** Holds the database's files. Nobody else may open it: its owner holds the lock of the data folder. */
  readonly folder: string;
  /** Where children of the data folder's owner are noted. */
  readonly children: string;
  readonly warn: (message: string) => void;
}

/** From asking to close to the kill, in ms. */
const closePatience = 5000;

/** A database process that is lost is started again after this, in ms. */
const restart = 100;

/** Lost this often without one answer in between, it is given up. */
const mostLosses = 5;

const gaveUp = 'The process of the queue ends again and again. Start the server anew; its log may say why.';

interface Question {
  readonly id: number;
  readonly statements: readonly Statement[];
  readonly urgency: Urgency;
  readonly resolve: (rows: readonly (readonly Row[])[]) => void;
  readonly reject: (error: unknown) => void;
}

const full = 'The disk is full: the queue cannot be written. Free some space and try again.';

function refusal(message: string, code: string | undefined): Error {
  const noSpace = code === '53100' || /no space left|disk full|could not (write|extend)/i.test(message);
  return noSpace ? new GraphError('busy', full, { cause: message }) : new Error(`The queue's database refused: ${message}`);
}

/**
 * PostgreSQL compiled to WebAssembly, in a process of its own, on a folder. It is usable at once: what is asked while it starts waits. A process
 * that is lost is started again and asked again, so every statement must bear being run twice.
 */
export class EmbeddedDatabase implements Database {
  readonly #options: EmbeddedOptions;
  readonly #questions = new Map<number, Question>();
  #child: ChildProcess | undefined;
  #ready = false;
  #next = 1;
  #losses = 0;
  #again: NodeJS.Timeout | undefined;
  #failure: Error | undefined;
  #closed = false;
  readonly shared = false;
  /** True if the folder held a database before. */
  readonly existed: boolean;

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    this.existed = existsSync(options.folder);
    this.#start();
  }

  /** The process's id while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  run(statements: readonly Statement[], urgency: Urgency = 'soon'): Promise<readonly (readonly Row[])[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new Error('The queue is closed.'));
    return new Promise((resolve, reject) => {
      const question: Question = { id: this.#next++, statements, urgency, resolve, reject };
      this.#questions.set(question.id, question);
      if (this.#ready) this.#ask(question);
    });
  }

  async listen(): Promise<void> {
    // Nobody else can open this database, so nobody else can say anything.
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // One that is still starting has nothing to lose.
    if (this.#ready) this.#send({ type: 'close' });
    else child.kill('SIGKILL');
    const late = setTimeout(() => child.kill('SIGKILL'), closePatience);
    await gone;
    clearTimeout(late);
  }

  #start(): void {
    const child = fork(fileURLToPath(new URL('./embedded-child.js', import.meta.url)), [], {
      serialization: 'advanced',
      // Compiled once and not again for speed, which saves a third of the memory and is fast enough for a queue.
      execArgv: ['--liftoff-only', '--max-semi-space-size=2'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.on('message', (message: FromDatabase) => this.#hear(message));
    child.once('exit', () => this.#gone(child));
    child.once('error', () => undefined);
    const { folder, children } = this.#options;
    this.#send({ type: 'open', folder, children });
  }

  #send(message: ToDatabase): void {
    // A message to a child that is just ending is lost with it; its exit is what counts then.
    if (this.#child?.connected) this.#child.send(message, () => undefined);
  }

  #ask({ resolve: _, reject: __, ...question }: Question): void {
    this.#send({ type: 'run', ...question });
  }

  #hear(message: FromDatabase): void {
    if (message.type === 'ready') {
      this.#ready = true;
      for (const question of this.#questions.values()) this.#ask(question);
    } else if (message.type === 'rows') {
      this.#losses = 0;
      this.#take(message.id)?.resolve(message.rows);
    } else if (message.type === 'refused') this.#take(message.id)?.reject(refusal(message.message, message.code));
    else if (message.type === 'made') this.#child?.kill('SIGKILL');
    else void this.#setAside(message.message);
  }

  #take(id: number): Question | undefined {
    const question = this.#questions.get(id);
    this.#questions.delete(id);
    return question;
  }

  /** A folder that cannot be opened any more, after a power cut for one, is kept under another name and a new one begun. */
  async #setAside(reason: string): Promise<void> {
    const { folder, warn } = this.#options;
    const full = /no space left|ENOSPC/i.test(reason);
    if (full || !existsSync(folder)) {
      await rm(`${folder}.${this.#child?.pid}.new`, { recursive: true, force: true }).catch(() => undefined);
      this.#fail(
        new GraphError(
          'busy',
          `The queue cannot be opened in ${folder}: ${reason}. Make room there, or choose another folder with --data.`,
        ),
      );
      return;
    }
    const aside = `${folder}.broken-${new Date().toISOString().replaceAll(':', '-')}`;
    await rename(folder, aside).catch(() => undefined);
    warn(`The queue in ${folder} could not be opened (${reason}). It is kept as ${aside}, and a new one is begun.`);
    this.#child?.kill('SIGKILL');
  }

  #fail(failure: Error): void {
    this.#failure = failure;
    for (const { reject } of this.#questions.values()) reject(failure);
    this.#questions.clear();
  }

  #gone(child: ChildProcess): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#ready = false;
    if (this.#failure !== undefined) return;
    if (this.#closed) {
      this.#fail(new Error('The queue is closed.'));
      return;
    }
    if (++this.#losses > mostLosses) {
      this.#fail(new GraphError('busy', gaveUp));
      return;
    }
    this.#again = setTimeout(() => this.#start(), this.#losses === 1 ? 0 : restart);
  }
}
