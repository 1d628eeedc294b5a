import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { GraphError, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { isPng, type JobSnapshot, readPngWorkflow } from '../../workflows/index.ts';
import { watchFolders } from '../files/watch.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { SubmitAnswer } from '../jobs/submit.ts';
import { submitPatiently } from '../jobs/submit-patiently.ts';
import type { Log } from '../log.ts';

/** What a watched folder works with. */
export interface DropParts {
  readonly folder: string;
  readonly submit: (run: { readonly id: string; readonly workflow: string }) => Promise<SubmitAnswer>;
  /** Waits for the end of a job; undefined if nothing is known of it. */
  readonly ended: (id: string, signal: AbortSignal) => Promise<JobSnapshot | undefined>;
  /** A larger file is refused, in bytes. */
  readonly mostBytes: number;
  readonly log: Log;
}

const parts = ['running', 'done', 'failed'] as const;

/** A file is taken when it has looked the same for this long, in ms: it is written to its end then. */
const settling = 300;

const isWorkflow = (name: string): boolean => /\.(json|png)$/i.test(name) && !name.startsWith('.');

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * A folder whose workflows are run: a file that is dropped in moves to `running`, then to `done` or `failed`, there with a text that says why. The move is what claims it,
 * so that no file is run twice, not even by two servers, or after a restart. Links are not followed.
 */
export class DropFolder {
  readonly #parts: DropParts;
  readonly #closing = new AbortController();
  readonly #seen = new Map<string, string>();
  readonly #runs = new Set<Promise<void>>();
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #stop: () => void = () => undefined;

  constructor(given: DropParts) {
    this.#parts = given;
  }

  /** Makes the folders, takes up what a former server left, and begins to watch. Throws `bad-path`. */
  async start(): Promise<void> {
    const { folder } = this.#parts;
    for (const part of parts) {
      await mkdir(join(folder, part), { recursive: true }).catch((thrown: unknown) => {
        throw new GraphError(
          'bad-path',
          `The folder ${folder} cannot be watched: ${toProblem(thrown).message} Choose another with --watch.`,
        );
      });
    }
    for (const name of (await readdir(join(folder, 'running'))).filter(isWorkflow)) this.#keep(this.#takeUp(name));
    this.#stop = watchFolders([folder], () => this.#scan());
    this.#scan();
  }

  /** Takes nothing more. What runs stays in `running`. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#stop();
    clearTimeout(this.#timer);
    await this.#last;
    await Promise.all(this.#runs);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  #scan(): void {
    this.#last = this.#last
      .then(() => this.#look())
      .catch((thrown: unknown) => this.#parts.log.warn({ err: thrown }, 'The watched folder could not be read'));
  }

  async #look(): Promise<void> {
    if (this.#closed) return;
    const { folder } = this.#parts;
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile() && isWorkflow(entry.name)).map(({ name }) => name);
    for (const gone of [...this.#seen.keys()].filter((name) => !names.includes(name))) this.#seen.delete(gone);
    let unsettled = false;
    for (const name of names) {
      const found = await stat(join(folder, name)).catch(() => undefined);
      if (found === undefined) continue;
      const sight = `${found.size}:${found.mtimeMs}`;
      // A file of this name may still be running.
      if (this.#seen.get(name) === sight && !(await exists(join(folder, 'running', name)))) await this.#claim(name);
      else unsettled = true;
      this.#seen.set(name, sight);
    }
    clearTimeout(this.#timer);
    if (unsettled) this.#timer = setTimeout(() => this.#scan(), settling).unref();
  }

  async #claim(name: string): Promise<void> {
    const { folder } = this.#parts;
    const taken = await rename(join(folder, name), join(folder, 'running', name)).then(
      () => true,
      // Somebody else was quicker, or it was taken back.
      () => false,
    );
    if (taken) this.#keep(this.#run(name));
  }

  #keep(work: Promise<void>): void {
    const kept = work
      .catch((thrown: unknown) => this.#parts.log.warn({ err: thrown }, 'The watched folder could not be written'))
      .finally(() => this.#runs.delete(kept));
    this.#runs.add(kept);
  }

  async #read(name: string): Promise<{ id: string; workflow: string }> {
    const path = join(this.#parts.folder, 'running', name);
    const { size, mtimeMs } = await stat(path);
    if (size > this.#parts.mostBytes)
      throw new GraphError('too-large', `The file has ${size} bytes; at most ${this.#parts.mostBytes} are read.`);
    const bytes = await readFile(path);
    const hash = createHash('sha256').update(`${name}\n${mtimeMs}\n`).update(bytes).digest('hex').slice(0, 32);
    return { id: `watch-${hash}`, workflow: isPng(bytes) ? readPngWorkflow(bytes) : bytes.toString('utf8') };
  }

  async #run(name: string): Promise<void> {
    try {
      const wanted = await this.#read(name);
      const answer = await submitPatiently(() => this.#parts.submit(wanted), this.#closing.signal);
      if (answer === undefined) return;
      if ('problems' in answer) return await this.#finish(name, answer.problems);
      this.#parts.log.info({ job: wanted.id }, `${name} is queued as job ${wanted.id}`);
      await this.#follow(name, wanted.id);
    } catch (thrown) {
      await this.#finish(name, [toProblem(thrown)]);
    }
  }

  async #follow(name: string, id: string): Promise<void> {
    const job = await this.#parts.ended(id, this.#closing.signal);
    if (this.#closed) return;
    if (job === undefined) {
      const message =
        'The server ended while this waited or ran, and kept nothing of it. It is not run again by itself: move it back to do so.';
      await this.#finish(name, [{ code: 'engine-lost', message }]);
    } else if (job.state === 'done') await this.#finish(name, []);
    else await this.#finish(name, job.problems.length > 0 ? job.problems : [{ code: 'cancelled', message: `The job was ${job.state}.` }]);
  }

  /** A file that a former server had claimed. */
  async #takeUp(name: string): Promise<void> {
    try {
      await this.#follow(name, (await this.#read(name)).id);
    } catch (thrown) {
      await this.#finish(name, [toProblem(thrown)]);
    }
  }

  async #finish(name: string, problems: readonly Problem[]): Promise<void> {
    const { folder, log } = this.#parts;
    const part = problems.length === 0 ? 'done' : 'failed';
    const { name: stem, ext } = parse(name);
    let free = name;
    for (let number = 2; await exists(join(folder, part, free)); number++) free = `${stem}-${number}${ext}`;
    if (problems.length > 0) {
      log.warn({ file: name, problems }, `${name} in the watched folder failed: ${problems[0]?.message ?? ''}`);
      await writeWhole(join(folder, part, `${free}.txt`), problems.map(({ message }) => `${message}\n`).join(''));
    }
    await rename(join(folder, 'running', name), join(folder, part, free));
  }
}
