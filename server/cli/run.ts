import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Catalogue, GraphError, type ImageFile, type NodeSpec, type Problem, toProblem } from '../../nodes/kit/index.ts';
import {
  type GraphDocument,
  isPng,
  type JobState,
  type NodeId,
  readPngWorkflow,
  readWorkflow,
  setValue,
  specOfType,
  stringifyJson,
  validate,
  type Workflow,
  type WorkflowSource,
  writeGraph,
} from '../../workflows/index.ts';
import { loadCatalogue, withChoices } from '../catalogue.ts';
import type { Executed } from '../engine/execute.ts';
import { locateModels } from '../engine/models/list.ts';
import type { LiveEvent } from '../engine/run-node.ts';
import { type EngineSession, openSession } from '../engine/session.ts';
import { imageNames } from '../files/gallery.ts';
import { dataFolders } from '../files/paths.ts';
import { type CommonOptions, cacheBytes } from './options.ts';
import { type PrintRequest, parsePrint, printable } from './printed.ts';
import { type Progress, silentProgress, terminalProgress } from './progress.ts';

/** `litegraph-diffusion run`. */
export interface RunOptions extends CommonOptions {
  readonly set: readonly string[];
  readonly out?: string;
  readonly print: readonly string[];
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

async function readSource(file: string): Promise<string> {
  const bytes =
    file === '-'
      ? await buffer(process.stdin)
      : await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
          const why = thrown.code === 'ENOENT' ? 'there is no such file' : thrown.message;
          throw new GraphError(
            'missing-file',
            `The workflow ${file} cannot be read: ${why}. Give a .json file, a PNG that carries one, or - for standard input.`,
          );
        });
  if (isPng(bytes)) return readPngWorkflow(bytes);
  return bytes.toString('utf8');
}

/** A workflow that is ready to run. */
interface Prepared {
  readonly workflow: Workflow;
  readonly graph?: GraphDocument;
  readonly catalogue: Catalogue;
  readonly prints: readonly PrintRequest[];
  readonly targets?: readonly NodeId[];
}

/** Reads, sets values and checks everything; throws the first problem of reading, gives all problems of the graph. */
async function prepare(file: string, options: RunOptions, specs: ReadonlyMap<string, NodeSpec>): Promise<Prepared> {
  const [models, inputImages] = await Promise.all([locateModels(options.models), imageNames(dataFolders(options.data).images.input)]);
  const catalogue = withChoices(specs, { checkpoints: models.map(({ name }) => name), inputImages });
  const read = readWorkflow(await readSource(file), catalogue);
  const source = options.set.reduce<WorkflowSource>((before, assignment) => setValue(before, assignment, catalogue), read);
  const prints = options.print.map((text) => parsePrint(text, source.workflow, catalogue));
  if (prints.length === 0) return { ...source, catalogue, prints };
  const visible = [...source.workflow.nodes.values()].filter(
    ({ type, mode }) => mode === 'always' && specOfType(type, catalogue)?.effect !== undefined,
  );
  return { ...source, catalogue, prints, targets: [...visible.map(({ id }) => id), ...prints.map(({ node }) => node)] };
}

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

async function follow(running: AsyncGenerator<LiveEvent, Executed, void>, hear: (event: LiveEvent) => void): Promise<Executed> {
  for (let next = await running.next(); ; next = await running.next()) {
    if (next.done) return next.value;
    hear(next.value);
  }
}

/** Turns Ctrl-C into a cancel; a second one ends the process at once. */
function interruptible(): { signal: AbortSignal; release: () => void } {
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
  if (options.out !== undefined) await mkdir(options.out, { recursive: true });
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
  const failed = (errors: Problem[]): Report => ({ status: 'failed', outputs: [], printed: {}, nodes: [], errors });
  const bad = (errors: Problem[], titles: ReadonlyMap<NodeId, string> = new Map()): number => {
    tell(failed(errors), options, titles);
    return exitCodes.input;
  };
  let session: EngineSession | undefined;
  try {
    const { definitions, specs } = await loadCatalogue();
    const prepared = await prepare(file, options, specs);
    const problems = validate(prepared.workflow, prepared.catalogue, prepared.targets === undefined ? {} : { targets: prepared.targets });
    if (problems.length > 0) return bad([...problems], titlesOf(prepared));
    session = await openSession({ device: options.device, models: options.models, data: options.data, cacheBytes }, definitions);
    const report = await runPrepared(prepared, options, session);
    tell(report, options, titlesOf(prepared));
    if (report.status === 'cancelled') return exitCodes.interrupted;
    return report.status === 'done' ? exitCodes.done : exitCodes.failed;
  } catch (thrown) {
    if (!(thrown instanceof GraphError)) throw thrown;
    return bad([toProblem(thrown)]);
  } finally {
    await session?.close();
  }
}
