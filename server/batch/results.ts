import { join } from 'node:path';
import { formatCsv } from '../../workflows/index.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { GridJob } from './grid.ts';
import type { BatchState, ItemRecord } from './state-file.ts';

/** Name of the table in a batch's folder. */
export const tableName = 'results.csv';

/** A batch as a table: what each row said, its seeds, how it ended. */
export function resultsTable(items: readonly ItemRecord[]): string {
  const columns = [...new Set(items.flatMap(({ values }) => Object.keys(values)))];
  const seeds = [...new Set(items.flatMap((item) => Object.keys(item.seeds)))].filter((name) => !columns.includes(name));
  const head = ['row', ...columns, ...seeds.map((name) => `seed ${name}`), 'state', 'file', 'ms', 'problem'];
  const rows = items.map((item) => [
    item.row,
    ...columns.map((name) => item.values[name] ?? ''),
    ...seeds.map((name) => item.seeds[name] ?? ''),
    item.state,
    item.files.join(' '),
    item.ms,
    item.problem?.message ?? '',
  ]);
  return formatCsv([head, ...rows]);
}

/** What the grid of a sweep is made of, as far as it has come; undefined for a batch that is no sweep. */
export function gridOf(folder: string, { head, items }: BatchState): GridJob | undefined {
  if (head.axes.length === 0) return undefined;
  const files = new Map(items.map(({ row, files: [first] }) => [row, first]));
  return {
    folder,
    axes: head.axes,
    cells: Array.from({ length: head.total }, (_, index) => ({ row: index + 1, file: files.get(index + 1) })),
  };
}

/** Writes the table beside the pictures. */
export const writeTable = (folder: string, { items }: BatchState): Promise<void> =>
  writeWhole(join(folder, tableName), resultsTable(items));
