import type { JobState } from '../../workflows/protocol.ts';
import { arranged } from '../queue/arrange.ts';
import type {
  Addition,
  Ending,
  HistoryPage,
  HistoryQuery,
  JobRecord,
  JobStore,
  Place,
  QueuedJob,
  Recovered,
  TakenJob,
  WaitingJob,
} from './store.ts';

/** How much may wait. */
export interface QueueBounds {
  readonly queued: number;
  readonly queuedBytes: number;
}

interface Entry {
  readonly job: QueuedJob;
  paused: boolean;
  priority: number;
  losses: number;
  starts: number;
}

const recordOf = ({ job: { id, title, created, source }, priority }: Entry, state: JobState): JobRecord => ({
  id,
  title,
  state,
  priority,
  created,
  source,
});

/** A queue that lives as long as its process. What is kept of a job is dropped when it is forgotten. */
export class MemoryJobStore implements JobStore {
  readonly durable = false;
  readonly isOpen = true;
  readonly remembers = true;
  readonly #bounds: QueueBounds;
  readonly #digests = new Map<string, string>();
  readonly #running = new Map<string, Entry>();
  readonly #records = new Map<string, JobRecord>();
  /** In the order in which they are taken. */
  #waiting: Entry[] = [];
  #bytes = 0;
  #held = false;

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds;
  }

  async open(): Promise<Recovered> {
    return { paused: false, waiting: [], parked: [] };
  }

  async add(job: QueuedJob, claimed: () => boolean): Promise<Addition> {
    const known = this.#known(job.id, job.digest);
    if (known !== undefined) return known;
    const entry: Entry = { job, paused: false, priority: job.priority, losses: 0, starts: 0 };
    const isClaimed = claimed();
    if (!isClaimed && (this.#waiting.length >= this.#bounds.queued || this.#bytes + job.bytes > this.#bounds.queuedBytes)) return 'full';
    this.#digests.set(job.id, job.digest);
    if (isClaimed) this.#running.set(job.id, entry);
    else this.#insert(entry);
    return 'added';
  }

  async find(id: string, digest: string): Promise<'same' | 'other' | undefined> {
    return this.#known(id, digest);
  }

  async take(): Promise<TakenJob | undefined> {
    const entry = this.#held ? undefined : this.#waiting.find(({ paused }) => !paused);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    this.#running.set(entry.job.id, entry);
    const { id, source, request } = entry.job;
    return { id, source, request, starts: entry.starts++ };
  }

  async finish(id: string, { state, at, snapshot }: Ending): Promise<void> {
    const entry = this.#running.get(id);
    this.#running.delete(id);
    if (entry !== undefined) this.#keep(entry, { state, at, snapshot });
  }

  async giveBack(id: string): Promise<void> {
    const entry = this.#running.get(id);
    if (entry === undefined) return;
    this.#running.delete(id);
    this.#waiting.unshift(entry);
    this.#bytes += entry.job.bytes;
  }

  async countLoss(id: string): Promise<number> {
    const entry = this.#running.get(id);
    return entry === undefined ? 0 : ++entry.losses;
  }

  async withdraw(id: string, at: number): Promise<boolean> {
    const entry = this.#entry(id);
    if (entry === undefined) return false;
    this.#remove(entry);
    const { created } = entry.job;
    const snapshot = { id, safe: true, state: 'cancelled' as const, created, ended: at, nodes: {}, outputs: [], problems: [], seq: 0 };
    this.#keep(entry, { state: 'cancelled', at, snapshot });
    return true;
  }

  async hold(id: string, paused: boolean): Promise<boolean> {
    const entry = this.#entry(id);
    if (entry !== undefined) entry.paused = paused;
    return entry !== undefined;
  }

  async move(ids: readonly string[], place: Place): Promise<void> {
    const { order, priorities } = arranged(await this.waiting(), ids, place);
    const entries = new Map(this.#waiting.map((entry) => [entry.job.id, entry]));
    for (const [id, priority] of priorities) Object.assign(entries.get(id) ?? {}, { priority });
    this.#waiting = order.flatMap((id) => entries.get(id) ?? []);
  }

  async prioritise(ids: readonly string[], priority: number): Promise<void> {
    for (const entry of this.#waiting.filter(({ job }) => ids.includes(job.id))) {
      this.#remove(entry);
      entry.priority = priority;
      this.#insert(entry);
    }
  }

  async pause(paused: boolean): Promise<void> {
    this.#held = paused;
  }

  async waiting(limit = Number.POSITIVE_INFINITY): Promise<readonly WaitingJob[]> {
    return this.#waiting.slice(0, limit).map(({ job: { id, title, created }, paused, priority, starts }) => ({
      id,
      paused,
      priority,
      title,
      created,
      starts,
    }));
  }

  async record(id: string): Promise<JobRecord | undefined> {
    const running = this.#running.get(id);
    if (running !== undefined) return recordOf(running, 'running');
    const entry = this.#entry(id);
    return entry === undefined ? this.#records.get(id) : recordOf(entry, entry.paused ? 'paused' : 'queued');
  }

  async history({ limit, after, state }: HistoryQuery): Promise<HistoryPage> {
    const ended = [...this.#records.values()].reverse().filter((record) => state === undefined || record.state === state);
    const start = after === undefined ? 0 : ended.findIndex(({ id }) => id === after) + 1;
    const jobs = ended.slice(start, start + limit);
    const last = jobs.at(-1);
    return last !== undefined && ended.length > start + limit ? { jobs, next: last.id } : { jobs };
  }

  async erase(ids: readonly string[]): Promise<readonly string[]> {
    const held = ids.filter((id) => this.#records.has(id));
    for (const id of held) await this.forget(id);
    return held;
  }

  async forget(id: string): Promise<void> {
    this.#digests.delete(id);
    this.#records.delete(id);
  }

  async close(): Promise<void> {
    // There is nothing to close.
  }

  #entry(id: string): Entry | undefined {
    return this.#waiting.find(({ job }) => job.id === id);
  }

  #known(id: string, digest: string): 'same' | 'other' | undefined {
    const known = this.#digests.get(id);
    if (known === undefined) return undefined;
    return known === digest ? 'same' : 'other';
  }

  /** Behind all of at least its priority. */
  #insert(entry: Entry): void {
    const at = this.#waiting.findIndex(({ priority }) => priority < entry.priority);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, entry);
    this.#bytes += entry.job.bytes;
  }

  #remove(entry: Entry): void {
    this.#waiting = this.#waiting.filter((other) => other !== entry);
    this.#bytes -= entry.job.bytes;
  }

  #keep(entry: Entry, { state, at, snapshot }: Ending): void {
    this.#records.set(entry.job.id, { ...recordOf(entry, state), ended: at, snapshot });
  }
}
