import pc from 'picocolors';
import type { ItemRecord } from '../batch/state-file.ts';
import type { LiveEvent } from '../engine/run-node.ts';

const width = 20;

/** A duration as people say it. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`;
}

/** One line that says how far a batch is and how long it will take. */
export class BatchProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #total: number;
  readonly #started = performance.now();
  #ended = 0;
  #ran = 0;
  #failed = 0;
  #step = '';

  constructor(stream: NodeJS.WriteStream, total: number) {
    this.#stream = stream;
    this.#total = total;
  }

  hear(event: LiveEvent): void {
    if (event.type !== 'step') return;
    this.#step = ` ${event.index}/${event.total}`;
    this.#draw();
  }

  ended(item: ItemRecord, unchanged: boolean): void {
    this.#ended++;
    if (!unchanged) this.#ran++;
    if (item.state === 'failed') this.#failed++;
    this.#step = '';
    this.#draw();
  }

  /** Takes the line away. */
  end(): void {
    this.#stream.write('\r\x1b[2K');
  }

  #draw(): void {
    const done = Math.round((width * this.#ended) / this.#total);
    const bar = `${'█'.repeat(done)}${pc.dim('░'.repeat(width - done))}`;
    const each = this.#ran === 0 ? undefined : (performance.now() - this.#started) / this.#ran;
    const left = each === undefined ? '' : pc.dim(`  ${duration(each * (this.#total - this.#ended))} left`);
    const failed = this.#failed === 0 ? '' : pc.red(`  ${this.#failed} failed`);
    this.#stream.write(`\r\x1b[2K${bar} ${this.#ended}/${this.#total}${pc.dim(this.#step)}${failed}${left}`);
  }
}

/** How items ended. */
export interface Counts {
  readonly done: number;
  readonly failed: number;
  readonly unchanged: number;
  /** Neither done nor failed: the batch was interrupted. */
  readonly missing: number;
}

const longestTable = 50;
const longestCell = 44;

const shown = (text: string): string => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > longestCell ? `${line.slice(0, longestCell - 1)}…` : line;
};

/** Items as lines under each other; of a long batch only those that failed. */
export function summaryLines(items: readonly ItemRecord[]): readonly string[] {
  const listed = items.length > longestTable ? items.filter(({ state }) => state === 'failed') : items;
  const rows = listed.map((item) => [
    String(item.row),
    item.state,
    duration(item.ms),
    item.files.map(shown).join(' '),
    shown(
      Object.entries(item.values)
        .map(([, value]) => value)
        .join(', '),
    ),
  ]);
  const columns = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padStart(columns[i] ?? 0) : cell.padEnd(columns[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
