import { join, resolve } from 'node:path';
import { GraphError, type ImageFile, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { type JobState, type NodeId, specOfType, stringifyJson, writeGraph } from '../../workflows/index.ts';
import { loadCatalogue } from '../catalogue.ts';
import type { Executed } from '../engine/execute.ts';
import type { LiveEvent } from '../engine/run-node.ts';
import { type EngineSession, openSession } from '../engine/session.ts';
import { dataFolders } from '../files/paths.ts';
import { type DeviceOptions, engineOptions, warnOfModels } from './options.ts';
import { type Prepared, type PrepareOptions, prepareRun, usableFolder } from './prepare-run.ts';
import { printable } from './printed.ts';
import { type Progress, silentProgress, terminalProgress } from './progress.ts';

/** `litegraph-diffusion run`. */
export interface RunOptions extends PrepareOptions, DeviceOptions {
  readonly out?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What `--json` prints. */
interface Report {
  status: JobState;
  outputs: { node: NodeId; files: string[] }[];
  printed: Record<string, unknown>;
  nodes: { id: NodeId; type: string; ms: number; cached: boolean }[];
  errors: Problem[];
}

/** Done, failed, bad input, interrupted. */
export const exitCodes = { done: 0, failed: 1, input: 2, interrupted: 130 } as const;

const titlesOf = ({ workflow, catalogue }: Prepared): ReadonlyMap<NodeId, string> =>
  new Map([...workflow.nodes.values()].map(({ id, type, title }) => [id, title ?? specOfType(type, catalogue)?.title ?? type]));

/** Where a picture lies. */
function pathOf(file: ImageFile, options: RunOptions): string {
  const { images } = dataFolders(options.data);
  const folder = file.folder === 'output' && options.out !== undefined ? resolve(options.out) : images[file.folder];
  return join(folder, file.name);
}

function note(report: Report, event: LiveEvent, { prepared, options }: { prepared: Prepared; options: RunOptions }): void {
  if (event.type === 'problem') report.errors.push(event.problem);
  if (event.type === 'shown' && event.content.kind === 'images') {
    const effect = specOfType(prepared.workflow.nodes.get(event.node)?.type ?? '', prepared.catalogue)?.effect;
    if (effect !== undefined) report.outputs.push({ node: event.node, files: event.content.files.map((file) => pathOf(file, options)) });
  }
  if (event.type === 'finished' && event.outcome !== 'skipped') {
    const type = prepared.workflow.nodes.get(event.node)?.type ?? '';
    report.nodes.push({ id: event.node, type, ms: Math.round(event.ms * 100) / 100, cached: event.outcome === 'cached' });
  }
}

/** Hears every event of a run, and gives how it ended. */
export async function follow(running: AsyncGenerator<LiveEvent, Executed, void>, hear: (event: LiveEvent) => void): Promise<Executed> {
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) return next.value;
    hear(next.value);
  }
}

/** Turns Ctrl-C into a cancel; a second one ends the process at once. */
export function interruptible(): { signal: AbortSignal; release: () => void } {
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(exitCodes.interrupted);
    abort.abort();
  };
  process.on('SIGINT', stop);
  return { signal: abort.signal, release: () => process.off('SIGINT', stop) };
}

async function runPrepared(prepared: Prepared, options: RunOptions, session: EngineSession): Promise<Report> {
  const report: Report = { status: 'running', outputs: [], printed: {}, nodes: [], errors: [] };
  const showing = process.stderr.isTTY && !options.json && !options.quiet;
  const progress: Progress = showing ? terminalProgress(process.stderr, titlesOf(prepared)) : silentProgress;
  const interrupt = interruptible();
  const { workflow, catalogue, graph, prints, targets } = prepared;
  const running = session.run({
    workflow,
    catalogue,
    signal: interrupt.signal,
    keep: new Set(prints.map(({ node }) => node)),
    ...(graph === undefined ? {} : { document: writeGraph(graph) }),
    ...(targets === undefined ? {} : { targets }),
    ...(options.out === undefined ? {} : { output: resolve(options.out) }),
  });
  try {
    const { end, results } = await follow(running, (event) => {
      progress.hear(event);
      note(report, event, { prepared, options });
    });
    report.status = end;
    for (const { node, output, index } of prints) {
      const type = specOfType(workflow.nodes.get(node)?.type ?? '', catalogue)?.outputs[index]?.type ?? '';
      const outputs = results.get(node)?.outputs;
      if (outputs !== undefined) report.printed[`${node}.${index}`] = printable(outputs[output], type);
    }
  } finally {
    progress.end();
    interrupt.release();
  }
  return report;
}

/** A problem as one line: the node by its title, then the sentence. */
function sentence({ message, node }: Problem, titles: ReadonlyMap<NodeId, string>): string {
  const title = node === undefined ? undefined : titles.get(node);
  return title === undefined || message.includes(title) ? message : `${title} (${node}): ${message}`;
}

function tell(report: Report, options: RunOptions, titles: ReadonlyMap<NodeId, string>): void {
  for (const problem of report.errors) process.stderr.write(`${sentence(problem, titles)}\n`);
  if (options.json) {
    process.stdout.write(`${stringifyJson(report)}\n`);
    return;
  }
  for (const [key, value] of Object.entries(report.printed)) process.stdout.write(`${key} ${stringifyJson(value)}\n`);
  if (options.quiet) return;
  for (const { files } of report.outputs) for (const file of files) process.stdout.write(`${file}\n`);
}

/** Runs a saved workflow in this process and gives the exit code. */
export async function runCommand(file: string, options: RunOptions): Promise<number> {
  let session: EngineSession | undefined;
  let titles: ReadonlyMap<NodeId, string> = new Map();
  const refuse = (errors: readonly Problem[], code: number): number => {
    tell({ status: 'failed', outputs: [], printed: {}, nodes: [], errors: [...errors] }, options, titles);
    return code;
  };
  try {
    const { definitions, specs } = await loadCatalogue();
    if (!options.quiet) await warnOfModels(options);
    const prepared = await prepareRun(file, options, specs);
    titles = titlesOf(prepared);
    if (!options.quiet) for (const warning of prepared.warnings) process.stderr.write(`Note: ${sentence(warning, titles)}\n`);
    if (prepared.problems.length > 0) return refuse(prepared.problems, exitCodes.input);
    await usableFolder(options.data, '--data');
    if (options.out !== undefined) await usableFolder(resolve(options.out), '--out');
    session = await openSession(engineOptions(options), definitions);
    const { message } = session.runtime.device;
    if (message !== undefined && !options.quiet) process.stderr.write(`Note: ${message}\n`);
    const report = await runPrepared(prepared, options, session);
    tell(report, options, titles);
    if (report.status === 'cancelled') return exitCodes.interrupted;
    return report.status === 'done' ? exitCodes.done : exitCodes.failed;
  } catch (thrown) {
    return refuse([toProblem(thrown)], thrown instanceof GraphError ? exitCodes.input : exitCodes.failed);
  } finally {
    await session?.close();
  }
}
