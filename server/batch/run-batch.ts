import { createHash } from 'node:crypto';
import { type Catalogue, type Problem, toProblem } from '../../nodes/kit/index.ts';
import {
  type BatchRow,
  canonicalText,
  fillTemplate,
  findField,
  type ItemSeeds,
  itemSeeds,
  type SeedControl,
  type SeedField,
  seedFields,
  setField,
  validate,
  type WorkflowSource,
  withSeeds,
} from '../../workflows/index.ts';
import type { BatchState, ItemRecord } from './state-file.ts';

/** How one run of an item ended; `files` are below the batch's folder. */
export interface ItemOutcome {
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly files: readonly string[];
  readonly problems: readonly Problem[];
}

/** One item that is ready to run: checked, its seeds chosen. */
export interface ReadyItem {
  readonly row: number;
  readonly source: WorkflowSource;
  /** File name without ending. */
  readonly name: string;
  /** How often it was run before. */
  readonly attempt: number;
}

/** What is to be run. */
export interface Batch {
  readonly source: WorkflowSource;
  readonly rows: readonly BatchRow[];
  /** For all seeds; without it each changes as its node says. */
  readonly control?: SeedControl | undefined;
  /** Random seeds of a row. */
  readonly random: (row: number) => () => bigint;
}

/** Who runs it. */
export interface BatchParts {
  readonly state: BatchState;
  /** Puts into place what a row needs; gives the row as it is to be read, and the lists as they are then. */
  readonly prepare: (row: BatchRow) => Promise<{ readonly row: BatchRow; readonly catalogue: Catalogue }>;
  readonly execute: (item: ReadyItem) => Promise<ItemOutcome>;
  /** Are these pictures still there? */
  readonly exist: (files: readonly string[]) => Promise<boolean>;
  readonly signal: AbortSignal;
  /** How many items are under way at once. */
  readonly lanes: number;
  readonly onBegin: (row: BatchRow) => void;
  /** Told of every item; `unchanged` was done before and is left as it is. */
  readonly onEnd: (item: ItemRecord, unchanged: boolean) => void;
}

/** Runs each row: one that is done already is left, one that fails stops nothing. Ends early, with everything noted, when the signal is aborted. */
export async function runBatch(batch: Batch, parts: BatchParts): Promise<void> {
  const names = new Map(parts.state.items.map(({ name, row }) => [name, row]));
  const rows = batch.rows.values();
  const lane = async (): Promise<void> => {
    for (const row of rows) {
      if (parts.signal.aborted) return;
      await runRow(row, { batch, parts, names });
    }
  };
  // Whoever goes on with it after a crash has the same seeds, and with them the same names.
  await parts.state.flush();
  try {
    await Promise.all(Array.from({ length: parts.lanes }, lane));
  } finally {
    await parts.state.flush();
  }
}

interface Turn {
  readonly batch: Batch;
  readonly parts: BatchParts;
  /** Names that are taken, with the row that has them. */
  readonly names: Map<string, number>;
}

async function runRow(given: BatchRow, turn: Turn): Promise<void> {
  const { parts } = turn;
  const started = performance.now();
  let item: ItemRecord = {
    row: given.row,
    state: 'failed',
    digest: '',
    name: '',
    files: [],
    ms: 0,
    seeds: {},
    values: Object.fromEntries(given.cells),
  };
  try {
    if (given.problem !== undefined) throw given.problem;
    const { row, catalogue } = await parts.prepare(given);
    item = { ...item, values: Object.fromEntries(row.cells) };
    const filled = [...row.cells].reduce(
      (source, [field, text]) => (field.includes('.') ? setField(source, { field, text }, catalogue) : source),
      turn.batch.source,
    );
    const digest = digestOf(filled, turn);
    const known = parts.state.item(row.row);
    if (known?.state === 'done' && known.digest === digest && (await parts.exist(known.files))) return parts.onEnd(known, true);
    parts.onBegin(row);
    const seeds = chooseSeeds(filled, row, { turn, catalogue, known });
    const name = nameOf(row, seeds, turn);
    const attempt = known === undefined ? 0 : (known.attempt ?? 0) + 1;
    item = { ...item, digest, seeds, name, attempt };
    const source = withSeeds(filled, seeds, catalogue);
    const [problem] = validate(source.workflow, catalogue);
    if (problem !== undefined) throw problem;
    const { state, files, problems } = await parts.execute({ row: row.row, source, name, attempt });
    if (state === 'cancelled') return;
    const [first] = problems;
    item = { ...item, state, files: [...files], ...(state === 'failed' && first !== undefined ? { problem: first } : {}) };
  } catch (thrown) {
    item = { ...item, problem: isProblem(thrown) ? thrown : toProblem(thrown) };
  }
  item = { ...item, ms: Math.round(performance.now() - started) };
  await parts.state.note(item);
  parts.onEnd(item, false);
}

const isProblem = (thrown: unknown): thrown is Problem =>
  typeof thrown === 'object' && thrown !== null && !(thrown instanceof Error) && 'code' in thrown && 'message' in thrown;

function digestOf({ workflow }: WorkflowSource, { batch, parts }: Turn): string {
  const content = JSON.stringify([canonicalText(workflow), parts.state.head.template, batch.control ?? '']);
  return createHash('sha256').update(content).digest('base64url');
}

/** Seeds that a row sets stay; random ones of an earlier attempt are taken again. */
function chooseSeeds(
  source: WorkflowSource,
  { row, cells }: BatchRow,
  { turn, catalogue, known }: { turn: Turn; catalogue: Catalogue; known: ItemRecord | undefined },
): ItemSeeds {
  const columns = [...cells.keys()].filter((name) => name.includes('.')).map((name) => findField(source, name, catalogue));
  const isSet = (seed: SeedField): boolean => columns.some(({ node, port }) => node.id === seed.node && port.name === seed.port);
  const { control, random } = turn.batch;
  const fields = seedFields(source, catalogue).map(
    (field): SeedField => (isSet(field) ? { ...field, control: 'fixed' } : { ...field, control: control ?? field.control }),
  );
  return itemSeeds(fields, row - 1, { random: random(row), known: known?.seeds });
}

function nameOf({ row, cells }: BatchRow, seeds: ItemSeeds, { parts, names }: Turn): string {
  const { template, begun } = parts.state.head;
  const [seed = ''] = Object.values(seeds);
  const wanted = fillTemplate(template, { row, seed, begun: new Date(begun), cells });
  const owner = names.get(wanted) ?? row;
  const name = owner === row ? wanted : `${wanted}-${String(row).padStart(4, '0')}`;
  names.set(name, row);
  return name;
}
