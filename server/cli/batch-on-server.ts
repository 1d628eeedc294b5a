import { join, parse, resolve } from 'node:path';
import { GraphError, toProblem } from '../../nodes/kit/index.ts';
import {
  fileColumn,
  namePart,
  readWorkflow,
  setValue,
  stringifyJson,
  toCompact,
  type WorkflowSource,
  writeGraph,
} from '../../workflows/index.ts';
import { checkColumns } from '../batch/check-columns.ts';
import { pictureColumn, pictureField } from '../batch/each.ts';
import { gridName } from '../batch/grid.ts';
import { refuseUsed } from '../batch/out-folder.ts';
import { ServerHttp, serverUrl } from '../worker/server-http.ts';
import { type BatchOptions, codeOf, type Report, type Rows, rowsOf, tell } from './batch.ts';
import { notedBatch, runOnServer, sendPicture, serverCatalogue } from './batch-client.ts';
import { BatchProgress } from './batch-progress.ts';
import { readText, usableFolder } from './prepare-run.ts';
import { exitCodes, interruptible } from './run.ts';

type Options = BatchOptions & { readonly server: string };

const say = (text: string): void => void process.stderr.write(`${text}\n`);

interface Around {
  readonly http: ServerHttp;
  readonly options: Options;
  readonly signal: AbortSignal;
}

/** Sends the pictures of a folder; the rows as the server takes them. One that it does not take is no row, and keeps its number. */
async function sentRows({ rows, pictures = '' }: Rows, field: string, { http, options, signal }: Around): Promise<readonly unknown[]> {
  const sent: unknown[] = [];
  for (const { row, cells } of rows) {
    const name = cells.get(pictureColumn) ?? '';
    try {
      sent.push({ [field]: await sendPicture(http, join(pictures, name), { name, signal }), [fileColumn]: cells.get(fileColumn) ?? '' });
    } catch (thrown) {
      signal.throwIfAborted();
      if (!options.quiet) say(`Row ${row}, ${name}: ${toProblem(thrown).message}`);
      sent.push(null);
    }
  }
  return sent;
}

/** What changes from picture to picture, as the server takes it. */
async function changes(read: Rows, source: WorkflowSource, around: Around & Catalogued): Promise<Readonly<Record<string, unknown>>> {
  const { options, catalogue } = around;
  if (options.repeat !== undefined) return { repeat: options.repeat };
  if (read.axes.length > 0) return { sweep: read.axes };
  if (read.pictures !== undefined) return { rows: await sentRows(read, options.eachField ?? pictureField(source, catalogue), around) };
  const idle = checkColumns(read.rows, source, catalogue);
  if (!options.quiet && idle.length > 0) say(`Note: The columns ${idle.join(', ')} set nothing; they can be used in --name.`);
  for (const { row, problem } of read.rows) if (problem !== undefined && !options.quiet) say(`Row ${row}: ${problem.message}`);
  return { rows: read.rows.map(({ cells, problem }) => (problem === undefined ? Object.fromEntries(cells) : null)) };
}

interface Catalogued {
  readonly catalogue: Awaited<ReturnType<typeof serverCatalogue>>;
}

async function folderOf(workflow: string, { out, resume }: Options, several: boolean): Promise<string | undefined> {
  if (out === undefined) {
    if (resume) throw new GraphError('bad-value', 'To go on with a batch of a server, name the folder it was brought to with --out.');
    return undefined;
  }
  const folder = several ? join(resolve(out), workflow) : resolve(out);
  await usableFolder(folder, '--out');
  if (!resume) await refuseUsed(folder);
  return folder;
}

async function runFile(file: string, around: Around & Catalogued, several: boolean): Promise<Report> {
  const { http, options, signal, catalogue } = around;
  const rows = await rowsOf(options);
  const { warnings, ...read } = readWorkflow(await readText(file), catalogue);
  if (!options.quiet) for (const { message } of warnings) say(`Note: ${message}`);
  const source = options.set.reduce<WorkflowSource>((before, assignment) => setValue(before, assignment, catalogue), read);
  const workflow = file === '-' ? 'workflow' : namePart(parse(file).name);
  const folder = await folderOf(workflow, options, several);
  const resumed = options.resume && folder !== undefined ? await notedBatch(folder) : undefined;
  if (options.resume && resumed?.server !== http.url)
    throw new GraphError('bad-value', `${folder} holds no batch of the server at ${http.url}. Choose another folder with --out.`);
  const { graph } = source;
  const wish = {
    workflow: graph === undefined ? stringifyJson(toCompact(source.workflow)) : writeGraph(graph),
    name: options.name,
    ...(options.seeds === undefined ? {} : { seeds: options.seeds }),
    ...(await changes(rows, source, around)),
  };
  const showing = process.stderr.isTTY && !options.json && !options.quiet;
  const progress = showing ? new BatchProgress(process.stderr, rows.rows.length) : undefined;
  let unchanged = 0;
  try {
    const { id, items, grid } = await runOnServer({
      ...{ http, wish, folder, signal, resumed: resumed?.id },
      onEnd: (item, same) => {
        if (same && item.state === 'done') unchanged++;
        // One that failed before is run again.
        if (!same || item.state === 'done') progress?.ended(item, same);
      },
    });
    const done = items.filter(({ state }) => state === 'done').length - unchanged;
    const failed = items.length - done - unchanged;
    const place = folder ?? `${id} on ${http.url}`;
    const drawn = grid === undefined || folder === undefined ? {} : { grid: join(folder, gridName) };
    return { workflow, folder: place, done, failed, unchanged, missing: rows.rows.length - items.length, items, ...drawn };
  } finally {
    progress?.end();
  }
}

/** Runs saved workflows on a server for each row of a table, so many times, or for each value of fields, and gives the exit code. */
export async function batchOnServer(files: readonly string[], options: Options): Promise<number> {
  const started = performance.now();
  const interrupt = interruptible();
  const { signal } = interrupt;
  let http: ServerHttp | undefined;
  try {
    http = new ServerHttp({ url: serverUrl(options.server), token: options.token }, options.quiet ? () => undefined : say);
    const catalogue = await serverCatalogue(http);
    const reports: Report[] = [];
    for (const file of files)
      if (!signal.aborted) reports.push(await runFile(file, { http, options, signal, catalogue }, files.length > 1));
    tell(reports, options, performance.now() - started);
    return codeOf(reports, signal.aborted);
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (options.json) process.stdout.write(`${stringifyJson({ batches: [], errors: [problem] })}\n`);
    if (signal.aborted) return exitCodes.interrupted;
    say(problem.message);
    return thrown instanceof GraphError ? exitCodes.input : exitCodes.failed;
  } finally {
    interrupt.release();
    await http?.close();
  }
}
