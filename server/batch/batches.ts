import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Catalogue, GraphError, type Problem } from '../../nodes/kit/index.ts';
import {
  applyFixedSeeds,
  checkTemplate,
  type JobSnapshot,
  parseJson,
  readWorkflow,
  stringifyJson,
  toCompact,
  type WorkflowSource,
  writeGraph,
} from '../../workflows/index.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { SubmitAnswer } from '../jobs/submit.ts';
import { submitPatiently } from '../jobs/submit-patiently.ts';
import { checkColumns } from './check-columns.ts';
import { pictureField } from './each.ts';
import { type GridJob, gridName } from './grid.ts';
import { seedsOfRow } from './random-seed.ts';
import { gridOf, writeTable } from './results.ts';
import { type Batch, type ItemOutcome, type ReadyItem, runBatch } from './run-batch.ts';
import { savedPictures } from './saved-pictures.ts';
import { type BatchHead, BatchState, type ItemRecord } from './state-file.ts';
import { BatchBody, type BatchWish, rowsOfWish } from './wish.ts';

/** What batches work with. */
export interface BatchesParts {
  /** The output folder; each batch has a folder of its own in it. */
  readonly folder: string;
  readonly catalogue: () => Catalogue;
  readonly submit: (run: { readonly id: string; readonly workflow: string; readonly saveAs: string }) => Promise<SubmitAnswer>;
  readonly ended: (id: string, signal: AbortSignal) => Promise<JobSnapshot | undefined>;
  readonly cancelJob: (id: string) => Promise<unknown>;
  /** Draws the grid of a sweep, away from this process. */
  readonly draw: (grid: GridJob) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /** Items that are queued at once: one for each engine, and one that waits. */
  readonly lanes: number;
  /** {@link Batches.resumeUnfinished} is to be called: until then what is unfinished counts as running. */
  readonly resumes: boolean;
}

/** `interrupted`: it was cancelled, or the server ended in the middle and was started again held; it can be resumed. */
export type BatchProgressState = 'running' | 'done' | 'failed' | 'interrupted';

/** A batch as the API tells it. */
export interface BatchReport extends Omit<BatchHead, 'format' | 'stopped'> {
  readonly id: string;
  readonly state: BatchProgressState;
  readonly done: number;
  readonly failed: number;
  /** Estimated ms until the end, once an item has ended. */
  readonly left?: number;
  /** Name of the grid in the output folder, once it is drawn. */
  readonly grid?: string;
  readonly items: readonly ItemRecord[];
}

interface Live {
  readonly abort: AbortController;
  readonly state: BatchState;
  readonly started: number;
  ran: number;
  cancelled: boolean;
  /** Jobs under way. */
  readonly jobs: Set<string>;
  work: Promise<void>;
}

/** Beside the state: what was asked for, so that it can go on after a restart. */
const wishName = 'request.json';

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** All batches of a server; each lives in a folder of the output folder, and its items are jobs of the queue. */
export class Batches {
  readonly #parts: BatchesParts;
  readonly #live = new Map<string, Live>();
  #resumes: boolean;

  constructor(parts: BatchesParts) {
    this.#parts = parts;
    this.#resumes = parts.resumes;
  }

  /** Begins a batch. Throws what is wrong with the request as a whole, `duplicate-id` if the id is taken. */
  async start(wish: BatchWish): Promise<BatchReport> {
    const id = wish.id ?? `batch-${randomUUID().slice(0, 8)}`;
    const folder = join(this.#parts.folder, id);
    const prepared = this.#prepare(wish, id);
    if (await exists(folder))
      throw new GraphError('duplicate-id', `The output folder has a ${id} already. Choose another id, or resume that batch.`);
    await mkdir(folder, { recursive: true });
    await writeWhole(join(folder, wishName), stringifyJson({ ...wish, id }));
    await this.#run(id, prepared, []);
    const { format: _, ...head } = prepared.head;
    return { id, ...head, state: 'running', done: 0, failed: 0, items: [] };
  }

  /** Runs what is missing or failed, of what was asked for at first or is asked for now. Undefined if there is no such batch. */
  async resume(id: string, now?: BatchWish): Promise<BatchReport | undefined> {
    const live = this.#live.get(id);
    if (live !== undefined) return this.#told(id);
    const path = join(this.#parts.folder, id, wishName);
    const text = await readFile(path, 'utf8').catch(() => undefined);
    const before = await BatchState.read(join(this.#parts.folder, id));
    if (text === undefined || before === undefined) return undefined;
    const prepared = this.#prepare(now ?? BatchBody.parse(parseJson(text)), id, before.head.begun);
    if (now !== undefined) await writeWhole(path, stringifyJson({ ...now, id }));
    await this.#run(
      id,
      prepared,
      before.items.filter(({ row }) => row <= prepared.head.total),
    );
    return this.#told(id);
  }

  /** Ends a batch after the items that are under way are cancelled; what is done is kept. */
  async cancel(id: string): Promise<BatchReport | undefined> {
    const live = this.#live.get(id);
    if (live === undefined) return this.find(id);
    live.cancelled = true;
    const jobs = [...live.jobs];
    await live.state.stop();
    live.abort.abort();
    for (const job of jobs) await this.#parts.cancelJob(job);
    await live.work;
    return this.find(id);
  }

  async find(id: string): Promise<BatchReport | undefined> {
    const live = this.#live.get(id);
    if (live !== undefined) {
      const { state, ran, started } = live;
      const rest = state.head.total - state.items.length;
      const left = ran === 0 ? {} : { left: Math.round(((performance.now() - started) / ran) * rest) };
      return { ...(await this.#report(id, state.head, state.items)), state: 'running', ...left };
    }
    const kept = await BatchState.read(join(this.#parts.folder, id)).catch(() => undefined);
    return kept && this.#report(id, kept.head, kept.items);
  }

  /** Newest first, without items. */
  async list(): Promise<readonly Omit<BatchReport, 'items'>[]> {
    const entries = await readdir(this.#parts.folder, { withFileTypes: true });
    const found = await Promise.all(entries.filter((entry) => entry.isDirectory()).map(({ name }) => this.find(name)));
    return found
      .flatMap((report) => report ?? [])
      .sort((a, b) => b.begun - a.begun)
      .map(({ items: _, ...rest }) => rest);
  }

  /** Goes on with what the last server did not finish, the oldest first; what was cancelled, or cannot be read any more, stays as it is. Gives their ids. */
  async resumeUnfinished(): Promise<readonly string[]> {
    const resumed: string[] = [];
    for (const { id, state } of (await this.list()).toReversed()) {
      if (state !== 'running' || this.#live.has(id)) continue;
      const kept = await BatchState.read(join(this.#parts.folder, id));
      if (kept === undefined || kept.head.stopped === true) continue;
      const report = await this.resume(id).catch((thrown: unknown) => this.#parts.onTrouble(thrown));
      if (report !== undefined) resumed.push(id);
    }
    this.#resumes = false;
    return resumed;
  }

  /** Starts nothing more and waits for what is under way. */
  async close(): Promise<void> {
    for (const { abort } of this.#live.values()) abort.abort();
    await Promise.all([...this.#live.values()].map(({ work }) => work));
  }

  async #told(id: string): Promise<BatchReport> {
    const report = await this.find(id);
    if (report === undefined) throw new GraphError('internal', `The batch ${id} has begun but cannot be read.`);
    return report;
  }

  async #report(id: string, { format: _, stopped, ...head }: BatchHead, items: readonly ItemRecord[]): Promise<BatchReport> {
    const done = items.filter(({ state }) => state === 'done').length;
    const failed = items.length - done;
    const rests = this.#resumes && stopped !== true ? 'running' : 'interrupted';
    const state = items.length < head.total ? rests : failed > 0 ? 'failed' : 'done';
    const drawn = head.axes.length > 0 && (await exists(join(this.#parts.folder, id, gridName)));
    return { id, ...head, state, done, failed, ...(drawn ? { grid: `${id}/${gridName}` } : {}), items };
  }

  #prepare(wish: BatchWish, id: string, begun = Date.now()): { batch: Batch; head: BatchHead } {
    const catalogue = this.#parts.catalogue();
    const source = savedPictures(readWorkflow(wish.workflow, catalogue), catalogue);
    const { rows, axes } = rowsOfWish(wish, () => pictureField(source, catalogue));
    checkColumns(rows, source, catalogue);
    checkTemplate(wish.name, new Set(rows.flatMap(({ cells }) => [...cells.keys()])));
    const name = source.graph?.extra.name;
    const workflow = typeof name === 'string' ? name : '';
    const head = {
      format: 1 as const,
      workflow,
      begun,
      template: wish.name,
      total: rows.length,
      axes: axes.map(({ field, values }) => ({ field, values: [...values] })),
    };
    return { batch: { source, rows, control: wish.seeds, random: (row) => seedsOfRow(`${id} ${begun}`, row) }, head };
  }

  async #run(id: string, { batch, head }: { batch: Batch; head: BatchHead }, items: readonly ItemRecord[]): Promise<void> {
    const state = BatchState.open(join(this.#parts.folder, id), head, items);
    await state.flush();
    const abort = new AbortController();
    const jobs = new Set<string>();
    const live: Live = { abort, state, started: performance.now(), ran: 0, cancelled: false, jobs, work: Promise.resolve() };
    this.#live.set(id, live);
    live.work = this.#work(id, batch, live)
      .catch((thrown: unknown) => this.#parts.onTrouble(thrown))
      .finally(() => this.#live.delete(id));
  }

  async #work(id: string, batch: Batch, live: Live): Promise<void> {
    const { folder, catalogue, lanes, draw } = this.#parts;
    const own = join(folder, id);
    await runBatch(batch, {
      state: live.state,
      signal: live.abort.signal,
      lanes,
      prepare: async (row) => ({ row, catalogue: catalogue() }),
      execute: (item) => this.#execute(id, item, live),
      exist: async (files) => (await Promise.all(files.map((file) => exists(join(own, file))))).every(Boolean),
      onBegin: () => undefined,
      onEnd: (_, unchanged) => {
        if (!unchanged) live.ran++;
      },
    });
    await writeTable(own, live.state);
    const grid = gridOf(own, live.state);
    if (grid?.cells.some(({ file }) => file !== undefined)) await draw(grid);
  }

  /** The id of the job is the same when the server comes back before its end is noted, so that it is run once. */
  async #execute(id: string, { row, source, name, attempt }: ReadyItem, live: Live): Promise<ItemOutcome> {
    const job = `${id}.${row}${attempt === 0 ? '' : `.${attempt}`}`;
    const wanted = { id: job, workflow: documentOf(source), saveAs: `${id}/${name}` };
    const { jobs, abort } = live;
    const answer = await submitPatiently(() => this.#parts.submit(wanted), abort.signal);
    if (answer === undefined) return { state: 'cancelled', files: [], problems: [] };
    if ('problems' in answer) return { state: 'failed', files: [], problems: answer.problems };
    // It may have been cancelled while this was on its way into the queue.
    if (live.cancelled) await this.#parts.cancelJob(job);
    jobs.add(job);
    try {
      return outcomeOf(await this.#parts.ended(job, abort.signal), id);
    } finally {
      jobs.delete(job);
    }
  }
}

const documentOf = ({ graph, workflow }: WorkflowSource): string =>
  graph === undefined ? stringifyJson(toCompact(workflow)) : writeGraph(applyFixedSeeds(graph));

function outcomeOf(job: JobSnapshot | undefined, id: string): ItemOutcome {
  const lost: Problem = { code: 'engine-lost', message: 'Nothing is known of the job any more. Resume the batch to run it again.' };
  if (job === undefined) return { state: 'failed', files: [], problems: [lost] };
  const files = job.outputs.flatMap((output) => output.files).filter(({ folder }) => folder === 'output');
  const names = files.map(({ name }) => (name.startsWith(`${id}/`) ? name.slice(id.length + 1) : name));
  const state = job.state === 'done' || job.state === 'failed' ? job.state : 'cancelled';
  return { state, files: names, problems: job.problems };
}
