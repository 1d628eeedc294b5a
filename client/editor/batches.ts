import { type Problem, toProblem } from '../../nodes/kit/index.ts';
import { isRecord, setField, toWorkflow, type WorkflowSource, writeGraph } from '../../workflows/index.ts';
import { readProblems } from '../server-answers.ts';
import { type App, currentDocument, openDialog } from './app.ts';
import { axesOf, axisTitle, fieldOf } from './axes.ts';
import { refreshPictures } from './lists.ts';
import { rollSeedsNow, startRun } from './running.ts';

const batchStates = ['running', 'done', 'failed', 'interrupted'] as const;

/** One picture of a batch that has ended. */
export interface BatchItem {
  /** Counted from 1. */
  readonly row: number;
  readonly state: 'done' | 'failed';
  /** Names in the output folder. */
  readonly files: readonly string[];
  readonly ms: number;
  /** What the row said, by column. */
  readonly values: Readonly<Record<string, string>>;
  readonly seeds: Readonly<Record<string, string>>;
  readonly problem?: Problem;
}

/** A batch in the list. */
export interface BatchSummary {
  readonly id: string;
  readonly workflow: string;
  /** ms since 1970. */
  readonly begun: number;
  readonly total: number;
  readonly axes: readonly { readonly field: string; readonly values: readonly string[] }[];
  readonly state: (typeof batchStates)[number];
  readonly done: number;
  readonly failed: number;
  /** Estimated ms until the end. */
  readonly left?: number;
  /** Name of the grid in the output folder. */
  readonly grid?: string;
}

/** A batch with all its items. */
export interface Batch extends BatchSummary {
  readonly items: readonly BatchItem[];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const records = (value: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []);
const named = (value: unknown): Readonly<Record<string, string>> =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, text(one)])) : {};

function readSummary(raw: Readonly<Record<string, unknown>>): BatchSummary {
  return {
    id: text(raw.id),
    workflow: text(raw.workflow),
    begun: number(raw.begun),
    total: number(raw.total),
    axes: records(raw.axes).map(({ field, values }) => ({ field: text(field), values: texts(values) })),
    state: batchStates.find((state) => state === raw.state) ?? 'interrupted',
    done: number(raw.done),
    failed: number(raw.failed),
    ...(typeof raw.left === 'number' ? { left: raw.left } : {}),
    ...(typeof raw.grid === 'string' ? { grid: raw.grid } : {}),
  };
}

function readItem(raw: Readonly<Record<string, unknown>>, id: string): BatchItem {
  const [problem] = readProblems([raw.problem]);
  return {
    row: number(raw.row),
    state: raw.state === 'done' ? 'done' : 'failed',
    files: texts(raw.files).map((name) => `${id}/${name}`),
    ms: number(raw.ms),
    values: named(raw.values),
    seeds: named(raw.seeds),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Reads `GET /v1/batches/:id`. */
export function readBatch(raw: unknown): Batch {
  const record = isRecord(raw) ? raw : {};
  const summary = readSummary(record);
  return { ...summary, items: records(record.items).map((item) => readItem(item, summary.id)) };
}

const say = (app: App, thrown: unknown): void => app.say(toProblem(thrown).message, 'error');
const pathOf = (id: string): string => `/v1/batches/${encodeURIComponent(id)}`;

/** Asks for all batches, newest first. */
export async function refreshBatches(app: App): Promise<void> {
  await app.connection
    .get('/v1/batches', (raw) => (isRecord(raw) ? records(raw.batches).map(readSummary) : []))
    .then((batches) => app.set({ batches }))
    .catch((thrown: unknown) => say(app, thrown));
}

/** A batch that runs is asked for again after this many ms. */
const pause = 400;

/** Keeps a batch up to date until it has ended, or another one is followed. */
export async function followBatch(app: App, id: string): Promise<void> {
  const turn = app.state.batchTurn + 1;
  app.set({ batchTurn: turn, ...(app.state.batch?.id === id ? {} : { batch: undefined }) });
  const current = (): boolean => app.state.batchTurn === turn;
  while (current()) {
    const before = app.state.batch;
    const batch = await app.connection.get(pathOf(id), readBatch).catch((thrown: unknown) => toProblem(thrown));
    if (!current()) return;
    if ('id' in batch) {
      app.set({ batch });
      if (batch.done !== before?.done) void refreshPictures(app);
      if (batch.state !== 'running') return ended(app, batch, before);
    } else if (app.state.connection === 'open') return say(app, batch);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** After the page was loaded, or found its server again: follows the newest batch that runs. */
export async function followUnfinished(app: App): Promise<void> {
  await refreshBatches(app);
  const running = app.state.batches.find(({ state }) => state === 'running');
  if (running !== undefined && app.state.batch?.state !== 'running') await followBatch(app, running.id);
}

/** How a batch is called: by its workflow. */
export const batchTitle = ({ workflow, id, axes }: BatchSummary): string =>
  `${workflow === '' ? id : workflow}, ${axes.length > 0 ? 'sweep' : 'batch'}`;

function ended(app: App, batch: Batch, before: Batch | undefined): void {
  void refreshBatches(app);
  if (before?.state !== 'running' || app.state.dialog?.kind === 'batch') return;
  const words = { done: 'is done', failed: `has ended, ${batch.failed} failed`, interrupted: 'was stopped', running: '' } as const;
  app.say(`${batchTitle(batch)} ${words[batch.state]}.`, 'info', [{ label: 'Show', run: () => showBatch(app, batch.id) }]);
}

/** Opens the sheet of a batch. */
export function showBatch(app: App, id: string): void {
  openDialog(app, { kind: 'batch', id });
  void followBatch(app, id);
}

/** What changes from picture to picture, as `POST /v1/batches` takes it. */
export type BatchWish = Readonly<Record<string, unknown>>;

/** Sends a batch of the workflow as it stands and shows it. */
export async function startBatch(app: App, wish: BatchWish): Promise<void> {
  try {
    const { id } = await app.connection.post('/v1/batches', readBatch, { workflow: writeGraph(currentDocument(app)), ...wish });
    showBatch(app, id);
    void refreshBatches(app);
  } catch (thrown) {
    say(app, thrown);
  }
}

/** Sends the sweep of the marked fields, after the same checks as a run. Seeds are rolled once: cells differ in what is swept and in nothing else. */
export function startSweep(app: App): void {
  const axes = axesOf(app);
  const wrong = axes.find(({ problem }) => problem !== undefined);
  if (wrong !== undefined) {
    app.say(`${axisTitle(wrong)}: ${wrong.problem}`, 'error');
    app.view.select([wrong.node.id], { reveal: true });
    return;
  }
  const sweep = axes.map((axis) => ({ field: fieldOf(axis), values: axis.values }));
  const swept = new Set(sweep.map(({ field }) => field));
  const go = (): void => {
    rollSeedsNow(app, swept);
    void startBatch(app, { sweep, seeds: 'fixed' });
  };
  startRun(app, { instead: go });
}

/** What the button Run does: a sweep where fields are marked for one, else one run. */
export const pressRun = (app: App): void => (axesOf(app).length > 0 ? startSweep(app) : startRun(app));

/** Cancels what is left of a batch; what is done stays. */
export async function cancelBatch(app: App, id: string): Promise<void> {
  await app.connection
    .drop(pathOf(id), readBatch)
    .then(() => followBatch(app, id))
    .catch((thrown: unknown) => say(app, thrown));
}

/** Runs what is missing or failed. */
export async function resumeBatch(app: App, id: string): Promise<void> {
  await app.connection
    .post(`${pathOf(id)}/resume`, readBatch)
    .then(() => followBatch(app, id))
    .catch((thrown: unknown) => say(app, thrown));
}

/** Shows in the gallery what one batch has made, or everything again. */
export async function showAlbum(app: App, album: string | undefined): Promise<void> {
  app.set({ album, ...(app.state.phone ? { sheet: 'results' } : {}) });
  await refreshPictures(app).catch((thrown: unknown) => say(app, thrown));
}

/** Puts the values of a picture of a batch into the graph: its seeds, and those that its row set. One step of undo. */
export function takeValues(app: App, { values, seeds }: BatchItem): void {
  try {
    const graph = currentDocument(app);
    const fields = Object.entries({ ...seeds, ...values }).filter(([field]) => field.includes('.'));
    const source = fields.reduce((before: WorkflowSource, [field, value]) => setField(before, { field, text: value }, app.catalogue), {
      graph,
      workflow: toWorkflow(graph, app.catalogue),
    });
    if (source.graph !== undefined) app.view.load(source.graph, { keepView: true });
    app.changed({ action: 'Take the values of a picture' });
    openDialog(app, undefined);
    app.say('The graph has the values of that picture. Undo brings yours back.');
  } catch (thrown) {
    say(app, thrown);
  }
}
