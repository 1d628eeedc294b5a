import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GraphError } from '../../nodes/kit/index.ts';
import type {
  Addition,
  Ending,
  HistoryPage,
  HistoryQuery,
  JobRecord,
  JobStore,
  Place,
  Presence,
  QueuedJob,
  Recovered,
  TakenJob,
  WaitingJob,
} from '../jobs/store.ts';
import { arranged } from './arrange.ts';
import { Company } from './company.ts';
import type { Database, Row, Statement, Urgency } from './database.ts';
import { telling, tellingTaken } from './host-statements.ts';
import { endedAs, recoverJobs } from './recovery.ts';
import { jobRecord, numberIn, takenJob, textIn, waitingJob } from './rows.ts';
import { schemaStatements } from './schema.ts';
import * as sql from './statements.ts';

/** What a store of one host is made with. */
export interface DurableOptions {
  readonly database: Database;
  /** Names this host in the database; the same after a restart. */
  readonly worker: string;
  /** Did the database hold anything before? Until it is open nothing is known of its ids. */
  readonly existed: boolean;
  readonly bounds: { readonly queued: number; readonly queuedBytes: number };
  /** Models that this host has; undefined: whatever was accepted here can be run here. */
  readonly models?: () => readonly string[];
  /** The server whose jobs this host runs, on a shared database: itself, or the one that it works for, once that is known. */
  readonly server?: () => string | undefined;
  /** Begin with a held queue. */
  readonly paused?: boolean;
  /** What this host tells the others of itself, on a shared database. */
  readonly presence?: () => Presence;
}

/** What a job needs whose pictures belong to a server. */
const homeOf = (server: string): string => `home:${server}`;

/** Ended jobs that are kept. */
const history = 10_000;
/** Ended jobs between two prunings. */
const pruneEvery = 200;

/** A database that went away while it was opened is asked again after this, in ms. */
const reopen = 1000;

/** What waits is counted again after this, in ms. */
const recount = 1000;
/** Up to this share of the bounds there is room for sure, whatever other servers add meanwhile. */
const plenty = 0.8;

/** A queue in a database: it outlives the process, and several hosts may share it. */
export class DurableJobStore implements JobStore {
  readonly durable = true;
  readonly shared?: Company;
  readonly #options: DurableOptions;
  readonly #opened: Promise<Recovered>;
  readonly #closing = new AbortController();
  #isOpen = false;
  /** What waits, as it was counted last and with what was added since. */
  #load = { jobs: 0, bytes: 0, until: 0 };
  #finished = 0;

  constructor(options: DurableOptions) {
    this.#options = options;
    const { database, worker, presence } = options;
    if (database.shared && presence !== undefined) this.shared = new Company(database, worker, presence);
    this.#opened = this.#openPatiently();
    this.#opened.catch(() => undefined);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get remembers(): boolean {
    return this.#isOpen || this.#options.existed;
  }

  open(): Promise<Recovered> {
    return this.#opened;
  }

  async add(job: QueuedJob, claimed: () => boolean): Promise<Addition> {
    await this.#opened;
    const { worker, presence } = this.#options;
    // Its pictures come from here and belong here.
    const needs = presence?.().folders === undefined ? job.needs : [...job.needs, homeOf(worker)];
    const token = randomUUID();
    const bounds = await this.#boundsFor(job);
    const insertion = sql.insertion({ ...job, needs }, { token, worker: claimed() ? worker : undefined, bounds });
    const [, [row] = []] = await this.#change(insertion, job.id, 'last');
    if (row === undefined) return 'full';
    if (row.token === token) return 'added';
    return row.digest === job.digest ? 'same' : 'other';
  }

  async find(id: string, digest: string): Promise<'same' | 'other' | undefined> {
    if (!this.remembers) return undefined;
    await this.#opened;
    const [row] = await this.#rows(sql.digestOf(id), 'last');
    if (row === undefined) return undefined;
    return row.digest === digest ? 'same' : 'other';
  }

  async take(): Promise<TakenJob | undefined> {
    await this.#opened;
    const { database, worker } = this.#options;
    const ticket = randomUUID();
    const taking = sql.taking({ worker, models: this.#provided() }, { ticket, at: Date.now() });
    const statements = database.shared ? [...taking, tellingTaken(worker, ticket)] : taking;
    // An engine waits for the answer.
    const [, [row] = []] = await database.run(statements, 'first');
    return row && takenJob(row);
  }

  async finish(id: string, { state, at, snapshot }: Ending): Promise<void> {
    await this.#opened;
    const { worker } = this.#options;
    const prune = ++this.#finished % pruneEvery === 0 ? [sql.pruning(history)] : [];
    await this.#change([sql.ending(id, worker, { state, at, snapshot: JSON.stringify(snapshot) }), ...prune], id);
  }

  async giveBack(id: string): Promise<void> {
    await this.#opened;
    await this.#change([sql.givingBack(id, this.#options.worker)], id);
  }

  async countLoss(id: string): Promise<number> {
    await this.#opened;
    const [row] = await this.#rows(sql.countingLoss(id));
    return numberIn(row, 'losses');
  }

  async withdraw(id: string, at: number): Promise<boolean> {
    await this.#opened;
    const record = await this.record(id);
    if (record === undefined) return false;
    const [rows = []] = await this.#change([sql.withdrawal(id, at, JSON.stringify(endedAs('cancelled', record, at)))], id);
    return rows.length > 0;
  }

  async hold(id: string, paused: boolean): Promise<boolean> {
    await this.#opened;
    const [rows = []] = await this.#change([sql.holding(id, paused)], id);
    return rows.length > 0;
  }

  async move(ids: readonly string[], place: Place): Promise<void> {
    const { order, priorities } = arranged(await this.waiting(), ids, place);
    await this.#change(sql.arrangement(order, priorities), '');
  }

  async prioritise(ids: readonly string[], priority: number): Promise<void> {
    await this.#opened;
    await this.#change([sql.prioritising(ids, priority)], '');
  }

  async pause(paused: boolean): Promise<void> {
    await this.#opened;
    await this.#change([sql.setting('paused', String(paused))], '');
  }

  async waiting(limit?: number): Promise<readonly WaitingJob[]> {
    await this.#opened;
    return (await this.#rows(sql.waitingJobs(limit))).map(waitingJob);
  }

  async record(id: string): Promise<JobRecord | undefined> {
    await this.#opened;
    const [row] = await this.#rows(sql.oneRecord(id));
    return row && jobRecord(row);
  }

  async history(query: HistoryQuery): Promise<HistoryPage> {
    if (!this.remembers) return { jobs: [] };
    await this.#opened;
    const rows = await this.#rows(sql.historyPage({ ...query, limit: query.limit + 1 }, placeFrom(query.after)));
    const jobs = rows.slice(0, query.limit).map(jobRecord);
    const last = jobs.at(-1);
    return rows.length > query.limit && last !== undefined ? { jobs, next: `${last.ended}~${last.id}` } : { jobs };
  }

  async erase(ids: readonly string[]): Promise<readonly string[]> {
    await this.#opened;
    const [rows = []] = await this.#change([sql.erasure(ids)], '');
    return rows.map((row) => String(row.id));
  }

  async forget(): Promise<void> {
    // What is kept lies in the database.
  }

  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#isOpen) await this.shared?.leave().catch(() => undefined);
    await this.#options.database.close();
  }

  /** A database that others use may go and come back at any time. */
  async #openPatiently(): Promise<Recovered> {
    const { signal } = this.#closing;
    for (;;) {
      try {
        return await this.#open();
      } catch (thrown) {
        const away = this.#options.database.shared && thrown instanceof GraphError && thrown.code === 'busy';
        if (!away || signal.aborted) throw thrown;
        await delay(reopen, undefined, { signal });
      }
    }
  }

  async #open(): Promise<Recovered> {
    const { database, worker, paused } = this.#options;
    await database.run([...schemaStatements, ...(paused ? [sql.setting('paused', 'true')] : [])]);
    await this.shared?.arrive();
    const { ended: parked } = await recoverJobs(database, worker);
    const [held] = await this.#rows(sql.readSetting('paused'));
    this.#isOpen = true;
    return { paused: textIn(held, 'value') === 'true', waiting: (await this.#rows(sql.waitingJobs())).map(waitingJob), parked };
  }

  /** What this host has of what jobs need. */
  #provided(): readonly string[] | undefined {
    const { models, server } = this.#options;
    const home = server?.();
    const homes = home === undefined ? [] : (this.shared?.withSameFolders(home) ?? []);
    return models && [...models(), ...homes.map(homeOf)];
  }

  /** The bounds, unless there is plenty of room: counting what waits takes longer the more it is. */
  async #boundsFor({ bytes }: QueuedJob): Promise<DurableOptions['bounds'] | undefined> {
    const { bounds } = this.#options;
    if (performance.now() > this.#load.until) {
      const [row] = await this.#rows(sql.load, 'last');
      this.#load = { jobs: numberIn(row, 'jobs'), bytes: numberIn(row, 'bytes'), until: performance.now() + recount };
    }
    this.#load.jobs += 1;
    this.#load.bytes += bytes;
    const roomy = this.#load.jobs < bounds.queued * plenty && this.#load.bytes < bounds.queuedBytes * plenty;
    return roomy ? undefined : bounds;
  }

  async #rows(statement: Statement, urgency?: Urgency): Promise<readonly Row[]> {
    const [rows = []] = await this.#options.database.run([statement], urgency);
    return rows;
  }

  /** Changes something, and tells the other hosts which job it was about; '' is the whole queue. */
  #change(statements: readonly Statement[], id: string, urgency?: Urgency): Promise<readonly (readonly Row[])[]> {
    const { database, worker } = this.#options;
    return database.run(database.shared ? [...statements, telling(JSON.stringify({ worker, id }))] : statements, urgency);
  }
}

function placeFrom(after: string | undefined): sql.HistoryPlace | undefined {
  const [, ended, id] = /^([\d.]+)~(.+)$/.exec(after ?? '') ?? [];
  return ended === undefined || id === undefined ? undefined : { ended: Number(ended), id };
}
