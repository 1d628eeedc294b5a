import { access } from 'node:fs/promises';
import { basename, join, parse, resolve } from 'node:path';
import { type Catalogue, GraphError, type NodeSpec, type Problem, toProblem } from '../../nodes/kit/index.ts';
import {
  type Axis,
  applyFixedSeeds,
  type BatchRow,
  checkTemplate,
  namePart,
  parseAxis,
  rowsOfAxes,
  rowsOfRepeat,
  type SeedControl,
  seedFields,
  stringifyJson,
  type WorkflowSource,
  writeGraph,
} from '../../workflows/index.ts';
import { checkColumns } from '../batch/check-columns.ts';
import { importPicture, pictureColumn, pictureField, readEach } from '../batch/each.ts';
import { gridName, writeGrid } from '../batch/grid.ts';
import { latestFolder, newFolder, refuseUsed } from '../batch/out-folder.ts';
import { seedsOfRow } from '../batch/random-seed.ts';
import { gridOf, writeTable } from '../batch/results.ts';
import { type ItemOutcome, type ReadyItem, runBatch } from '../batch/run-batch.ts';
import { savedPictures } from '../batch/saved-pictures.ts';
import { BatchState, type ItemRecord } from '../batch/state-file.ts';
import { loadCatalogue, withChoices } from '../catalogue.ts';
import { ModelSizes } from '../engine/models/model-sizes.ts';
import { type EngineSession, openSession } from '../engine/session.ts';
import { choicesNow } from '../files/choices.ts';
import { dataFolders } from '../files/paths.ts';
import { BatchProgress, type Counts, duration, summaryLines } from './batch-progress.ts';
import { engineOptions, warnOfModels } from './options.ts';
import { readSource, type SourceOptions, usableFolder } from './prepare-run.ts';
import { exitCodes, follow, interruptible } from './run.ts';

/** `litegraph-diffusion batch`. */
export interface BatchOptions extends SourceOptions {
  /** Address of the server whose queue and models are used, instead of this process. */
  readonly server?: string;
  readonly token?: string;
  readonly each?: string;
  readonly eachField?: string;
  readonly repeat?: number;
  readonly sweep: readonly string[];
  readonly seeds?: SeedControl;
  readonly name: string;
  readonly out?: string;
  readonly resume: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The rows of a batch, and what they are of. */
export interface Rows {
  readonly rows: readonly BatchRow[];
  readonly axes: readonly Axis[];
  readonly pictures?: string;
}

/** One workflow with all its rows, in its folder. */
interface Plan extends Rows {
  readonly workflow: string;
  readonly source: WorkflowSource;
  readonly catalogue: Catalogue;
  readonly state: BatchState;
  readonly folder: string;
  /** Where pictures of a folder go. */
  readonly field?: string | undefined;
}

/** How one workflow's batch ended: what `--json` prints. */
export interface Report extends Counts {
  readonly workflow: string;
  readonly folder: string;
  readonly items: readonly ItemRecord[];
  readonly grid?: string;
}

/** The rows that the options ask for. Throws `bad-value` unless there is exactly one way. */
export async function rowsOf({ each, repeat, sweep }: BatchOptions): Promise<Rows> {
  const given = [each, repeat, sweep.length === 0 ? undefined : sweep].filter((way) => way !== undefined);
  if (given.length !== 1)
    throw new GraphError('bad-value', 'Give one of --each, --repeat and --sweep: it says what changes from picture to picture.');
  if (each !== undefined) return { ...(await readEach(resolve(each))), axes: [] };
  if (repeat !== undefined) return { rows: rowsOfRepeat(repeat), axes: [] };
  const axes = sweep.map(parseAxis);
  return { rows: rowsOfAxes(axes), axes };
}

const note = (text: string): void => void process.stderr.write(`Note: ${text}\n`);

async function folderOf(workflow: string, options: BatchOptions, several: boolean): Promise<string> {
  const { out, resume, data } = options;
  if (out === undefined) {
    const root = dataFolders(data).images.output;
    return resume ? latestFolder(root, workflow) : newFolder(root, workflow);
  }
  const folder = several ? join(resolve(out), workflow) : resolve(out);
  await usableFolder(folder, '--out');
  if (!resume) await refuseUsed(folder);
  return folder;
}

async function plan(
  file: string,
  options: BatchOptions,
  around: { specs: ReadonlyMap<string, NodeSpec>; several: boolean },
): Promise<Plan> {
  const rows = await rowsOf(options);
  const { source: read, catalogue, warnings } = await readSource(file, options, around.specs);
  if (!options.quiet) for (const { message } of warnings) note(message);
  const source = savedPictures(read, catalogue);
  const idle = rows.pictures === undefined ? checkColumns(rows.rows, source, catalogue) : [];
  if (!options.quiet && idle.length > 0) note(`The columns ${idle.join(', ')} set nothing; they can be used in --name.`);
  const field = rows.pictures === undefined ? undefined : (options.eachField ?? pictureField(source, catalogue));
  const columns = new Set(rows.rows.flatMap(({ cells }) => [...cells.keys()]));
  checkTemplate(options.name, columns);
  const still = seedFields(source, catalogue).every(({ control }) => (options.seeds ?? control) === 'fixed');
  if (!options.quiet && options.repeat !== undefined && still)
    note('Every seed is fixed, so all pictures will be the same. Give --seeds increment or --seeds randomize.');
  const workflow = file === '-' ? 'workflow' : namePart(parse(basename(file)).name);
  const folder = await folderOf(workflow, options, around.several);
  const before = options.resume ? await BatchState.read(folder) : undefined;
  const head = {
    format: 1 as const,
    workflow,
    begun: before?.head.begun ?? Date.now(),
    template: options.name,
    total: rows.rows.length,
    axes: rows.axes.map(({ field: name, values }) => ({ field: name, values: [...values] })),
  };
  const items = before?.items.filter(({ row }) => row <= head.total) ?? [];
  return { ...rows, workflow, source, catalogue, folder, field, state: BatchState.open(folder, head, items) };
}

/** Runs one item in this process. */
async function execute(item: ReadyItem, { plan: { catalogue: _, folder }, session, ...run }: Running): Promise<ItemOutcome> {
  const { workflow, graph } = item.source;
  const files: string[] = [];
  const problems: Problem[] = [];
  const running = session.run({
    workflow,
    catalogue: run.lists,
    signal: run.signal,
    output: folder,
    saveAs: item.name,
    ...(graph === undefined ? {} : { document: writeGraph(applyFixedSeeds(graph)) }),
  });
  const { end } = await follow(running, (event) => {
    run.progress?.hear(event);
    if (event.type === 'problem') problems.push(event.problem);
    if (event.type !== 'shown' || event.content.kind !== 'images') return;
    files.push(...event.content.files.filter((file) => file.folder === 'output').map(({ name }) => name));
  });
  return { state: end, files, problems };
}

interface Running {
  readonly plan: Plan;
  readonly session: EngineSession;
  readonly signal: AbortSignal;
  readonly progress: BatchProgress | undefined;
  /** The lists as they are for this item. */
  readonly lists: Catalogue;
}

/** A picture of a folder is put into the input folder when its turn comes. */
async function prepareRow(
  row: BatchRow,
  { catalogue, pictures, field }: Plan,
  options: BatchOptions,
): Promise<{ row: BatchRow; catalogue: Catalogue }> {
  const picture = row.cells.get(pictureColumn);
  if (pictures === undefined || field === undefined || picture === undefined) return { row, catalogue };
  const name = await importPicture(pictures, picture, dataFolders(options.data));
  const cells = new Map([...row.cells].filter(([column]) => column !== pictureColumn));
  return { row: { ...row, cells: cells.set(field, name) }, catalogue: withChoices(catalogue, await choicesNow(options, new ModelSizes())) };
}

async function runPlan(plan: Plan, options: BatchOptions, { session, signal }: Pick<Running, 'session' | 'signal'>): Promise<Report> {
  const showing = process.stderr.isTTY && !options.json && !options.quiet;
  const progress = showing ? new BatchProgress(process.stderr, plan.rows.length) : undefined;
  const counts = { done: 0, failed: 0, unchanged: 0 };
  const { workflow, begun } = plan.state.head;
  let lists = plan.catalogue;
  try {
    await runBatch(
      { source: plan.source, rows: plan.rows, control: options.seeds, random: (row) => seedsOfRow(`${workflow} ${begun}`, row) },
      {
        state: plan.state,
        signal,
        lanes: 1,
        prepare: async (row) => {
          const prepared = await prepareRow(row, plan, options);
          lists = prepared.catalogue;
          return prepared;
        },
        execute: (item) => execute(item, { plan, session, signal, progress, lists }),
        exist: async (files) =>
          (
            await Promise.all(
              files.map((file) =>
                access(join(plan.folder, file)).then(
                  () => true,
                  () => false,
                ),
              ),
            )
          ).every(Boolean),
        onBegin: () => undefined,
        onEnd: (item, unchanged) => {
          counts[unchanged ? 'unchanged' : item.state]++;
          progress?.ended(item, unchanged);
        },
      },
    );
  } finally {
    progress?.end();
  }
  await writeTable(plan.folder, plan.state);
  const grid = gridOf(plan.folder, plan.state);
  const drawn = grid !== undefined && (await writeGrid(grid));
  const missing = plan.rows.length - counts.done - counts.failed - counts.unchanged;
  return {
    workflow: plan.workflow,
    folder: plan.folder,
    ...counts,
    missing,
    items: plan.state.items,
    ...(drawn ? { grid: join(plan.folder, gridName) } : {}),
  };
}

/** Prints how batches ended. */
export function tell(reports: readonly Report[], options: BatchOptions, ms: number): void {
  if (options.json) {
    process.stdout.write(`${stringifyJson({ batches: reports })}\n`);
    return;
  }
  for (const { items, workflow, folder, grid, ...counts } of reports) {
    for (const { row, problem } of items) if (problem !== undefined) process.stderr.write(`Row ${row}: ${problem.message}\n`);
    if (options.quiet) continue;
    for (const line of summaryLines(items)) process.stdout.write(`${line}\n`);
    const parts = [
      `${counts.done} done`,
      `${counts.failed} failed`,
      ...(counts.unchanged > 0 ? [`${counts.unchanged} done before`] : []),
      ...(counts.missing > 0 ? [`${counts.missing} not run`] : []),
    ];
    process.stdout.write(`${workflow}: ${parts.join(', ')} in ${duration(ms)} → ${folder}\n`);
    if (grid !== undefined) process.stdout.write(`${grid}\n`);
    if (counts.failed + counts.missing > 0 && options.out !== undefined)
      process.stdout.write('Run the same command with --resume for what is missing or failed.\n');
  }
}

/** The exit code. */
export function codeOf(reports: readonly Report[], interrupted: boolean): number {
  if (interrupted) return exitCodes.interrupted;
  return reports.some(({ failed, missing }) => failed + missing > 0) ? exitCodes.failed : exitCodes.done;
}

/** Runs saved workflows for each row of a table, so many times, or for each value of fields, and gives the exit code. */
export async function batchCommand(files: readonly string[], options: BatchOptions): Promise<number> {
  let session: EngineSession | undefined;
  const started = performance.now();
  const interrupt = interruptible();
  try {
    const { definitions, specs } = await loadCatalogue();
    if (!options.quiet) await warnOfModels(options);
    await usableFolder(options.data, '--data');
    const plans: Plan[] = [];
    for (const file of files) plans.push(await plan(file, options, { specs, several: files.length > 1 }));
    session = await openSession(engineOptions(options), definitions);
    const { message } = session.runtime.device;
    if (message !== undefined && !options.quiet) note(message);
    const reports: Report[] = [];
    for (const one of plans) reports.push(await runPlan(one, options, { session, signal: interrupt.signal }));
    tell(reports, options, performance.now() - started);
    return codeOf(reports, interrupt.signal.aborted);
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (options.json) process.stdout.write(`${stringifyJson({ batches: [], errors: [problem] })}\n`);
    process.stderr.write(`${problem.message}\n`);
    return thrown instanceof GraphError ? exitCodes.input : exitCodes.failed;
  } finally {
    interrupt.release();
    await session?.close();
  }
}
