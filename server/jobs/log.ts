import { isFinal, type JobEvent, type JobSnapshot, type RunEvent, type StateEvent } from '../../workflows/protocol.ts';
import { advance, type Beginning, copyOf, newProgress, type Progress, snapshotOf } from './progress.ts';

/** An event with its JSON, written once for all who read it. */
export interface LogEntry {
  readonly event: JobEvent;
  readonly json: string;
}

/**
 * All that was heard of one job, in order. A log beyond `limit` entries forgets steps and queue positions that newer ones
 * made stale (their numbers are then missing), so it is bounded by the size of the workflow, not by the number of steps.
 */
export class JobLog {
  readonly #progress: Progress;
  readonly #limit: number;
  #entries: LogEntry[] = [];
  #compactAt: number;
  #bytes = 0;
  readonly #waiting = new Set<() => void>();

  readonly #first: number;

  constructor(id: string, beginning: Beginning, limit: number) {
    this.#progress = newProgress(id, beginning);
    this.#first = beginning.seq;
    this.#limit = limit;
    this.#compactAt = limit;
  }

  /** Size of the kept events as JSON. */
  get bytes(): number {
    return this.#bytes;
  }

  get state(): JobSnapshot['state'] {
    return this.#progress.state;
  }

  get position(): number | undefined {
    return this.#progress.position;
  }

  /** Number of the newest event; 0 before the first. */
  get seq(): number {
    return this.#progress.seq;
  }

  /** Has anything been heard? */
  get hasBegun(): boolean {
    return this.#progress.seq > this.#first;
  }

  snapshot(): JobSnapshot {
    return snapshotOf(this.#progress);
  }

  /** How it will stand after an event that has not been told yet. */
  snapshotAfter(heard: RunEvent | StateEvent): JobSnapshot {
    const copy = copyOf(this.#progress);
    advance(copy, { ...heard, job: copy.id, seq: copy.seq + 1 });
    return snapshotOf(copy);
  }

  /** From now on it is stored. */
  becomeSafe(): void {
    this.#progress.safe = true;
  }

  /** Numbers the event, keeps it and wakes who follows. */
  append(heard: RunEvent | StateEvent): LogEntry {
    const event: JobEvent = { ...heard, job: this.#progress.id, seq: this.#progress.seq + 1 };
    const entry = { event, json: JSON.stringify(event) };
    advance(this.#progress, event);
    this.#entries.push(entry);
    this.#bytes += entry.json.length;
    if (this.#entries.length > this.#compactAt) this.#compact();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    return entry;
  }

  /** The kept entries with numbers above `seq`. */
  after(seq: number): readonly LogEntry[] {
    let first = this.#entries.length;
    while (first > 0 && (this.#entries[first - 1]?.event.seq ?? 0) > seq) first--;
    return this.#entries.slice(first);
  }

  /** Every entry after number `start`, then what comes, until the job has ended or the signal is aborted. */
  async *follow(signal: AbortSignal, start = 0): AsyncGenerator<LogEntry, void> {
    for (let seq = start; !signal.aborted; ) {
      const entries = this.after(seq);
      for (const entry of entries) {
        if (signal.aborted) return;
        yield entry;
        seq = entry.event.seq;
      }
      if (entries.length > 0) continue;
      if (isFinal(this.state)) return;
      await this.#change(signal);
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #compact(): void {
    const latest = new Map<string, JobEvent>();
    const keyOf = ({ event }: LogEntry): string | undefined => {
      if (event.type === 'step') return `step ${event.node}`;
      return event.type === 'state' && event.state === 'queued' ? 'queued' : undefined;
    };
    for (const entry of this.#entries) {
      const key = keyOf(entry);
      if (key !== undefined) latest.set(key, entry.event);
    }
    this.#entries = this.#entries.filter((entry) => {
      const key = keyOf(entry);
      return key === undefined || latest.get(key) === entry.event;
    });
    this.#bytes = this.#entries.reduce((sum, { json }) => sum + json.length, 0);
    this.#compactAt = Math.max(this.#limit, this.#entries.length * 2);
  }
}
