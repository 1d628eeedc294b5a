import { mkdir, readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { type Catalogue, GraphError, type NodeSpec, type Problem } from '../../nodes/kit/index.ts';
import {
  type GraphDocument,
  isPng,
  type NodeId,
  plan,
  readPngWorkflow,
  readWorkflow,
  setValue,
  specOfType,
  validate,
  type Workflow,
  type WorkflowSource,
} from '../../workflows/index.ts';
import { withChoices } from '../catalogue.ts';
import { ModelSizes } from '../engine/models/model-sizes.ts';
import { choicesNow } from '../files/choices.ts';
import { packageRoot } from '../files/package-root.ts';
import { dataFolders } from '../files/paths.ts';
import { copyExample, exampleName } from '../files/prepare.ts';
import type { CommonOptions, DeviceOptions } from './options.ts';
import { type PrintRequest, parsePrint } from './printed.ts';

/** What a workflow is read with. */
export interface SourceOptions extends CommonOptions, DeviceOptions {
  readonly set: readonly string[];
}

/** What a workflow is prepared with. */
export interface PrepareOptions extends SourceOptions {
  readonly print: readonly string[];
}

/** A workflow that is ready to run, or the problems that are in the way. */
export interface Prepared {
  readonly workflow: Workflow;
  readonly graph?: GraphDocument;
  readonly catalogue: Catalogue;
  readonly prints: readonly PrintRequest[];
  readonly targets?: readonly NodeId[];
  readonly warnings: readonly Problem[];
  readonly problems: readonly Problem[];
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'this user may not read it',
};

/** The text of a workflow file, of standard input for `-`, or of the PNG that carries it. Throws `missing-file` or `bad-document`. */
export async function readText(file: string): Promise<string> {
  const bytes =
    file === '-'
      ? await buffer(process.stdin)
      : await readFile(file).catch((thrown: NodeJS.ErrnoException) => {
          const why = reasons[thrown.code ?? ''] ?? thrown.message;
          throw new GraphError(
            'missing-file',
            `The workflow ${file} cannot be read: ${why}. Give a .json file, a PNG that carries one, or - for standard input.`,
          );
        });
  return isPng(bytes) ? readPngWorkflow(bytes) : bytes.toString('utf8');
}

/** The lists of files as they are now. The example picture of the templates is put into place for a workflow that names it. */
async function catalogueFor(text: string, options: CommonOptions, specs: ReadonlyMap<string, NodeSpec>): Promise<Catalogue> {
  const { input } = dataFolders(options.data).images;
  if (text.includes(`"${exampleName}"`)) {
    await usableFolder(input, '--data');
    await copyExample(packageRoot(), input);
  }
  return withChoices(specs, await choicesNow(options, new ModelSizes()));
}

/** A workflow with values set, and the lists of files as they are. */
export interface ReadSource {
  readonly source: WorkflowSource;
  readonly catalogue: Catalogue;
  readonly warnings: readonly Problem[];
}

/** Reads a workflow and sets values. Throws the first problem. */
export async function readSource(file: string, options: SourceOptions, specs: ReadonlyMap<string, NodeSpec>): Promise<ReadSource> {
  const text = await readText(file);
  const catalogue = await catalogueFor(text, options, specs);
  const { warnings, ...read } = readWorkflow(text, catalogue);
  const source = options.set.reduce<WorkflowSource>((before, assignment) => setValue(before, assignment, catalogue), read);
  return { source, catalogue, warnings };
}

/** Reads a workflow, sets values and checks everything. Throws the first problem of reading; gives all problems of the graph. */
export async function prepareRun(file: string, options: PrepareOptions, specs: ReadonlyMap<string, NodeSpec>): Promise<Prepared> {
  const { source, catalogue, warnings } = await readSource(file, options, specs);
  const prints = options.print.map((wanted) => parsePrint(wanted, source.workflow, catalogue));
  const targets = prints.length === 0 ? undefined : [...visible(source.workflow, catalogue), ...prints.map(({ node }) => node)];
  const prepared = { ...source, catalogue, prints, warnings, ...(targets === undefined ? {} : { targets }) };
  const problems = validate(source.workflow, catalogue, targets === undefined ? {} : { targets });
  return { ...prepared, problems: problems.length > 0 ? problems : unprintable(prepared) };
}

/** Ids of the nodes that show or save something. */
function visible(workflow: Workflow, catalogue: Catalogue): NodeId[] {
  const nodes = [...workflow.nodes.values()];
  return nodes.filter(({ type, mode }) => mode === 'always' && specOfType(type, catalogue)?.effect !== undefined).map(({ id }) => id);
}

/** Values that were asked for, but whose nodes are left out of the run. */
function unprintable({ workflow, catalogue, prints, targets = [] }: Omit<Prepared, 'problems'>): readonly Problem[] {
  if (prints.length === 0) return [];
  const { tasks, skipped } = plan(workflow, catalogue, { targets });
  const running = new Set(tasks.map(({ id }) => id));
  const reason = new Map(skipped.map((entry) => [entry.node, entry.reason]));
  return prints
    .filter(({ node }) => !running.has(node))
    .map(({ node }): Problem => {
      const message = `--print ${node}: this node does not run. ${reason.get(node) ?? ''}`.trim();
      return { code: 'nothing-to-run', message, node };
    });
}

/** Makes a folder where it is missing; throws `bad-path` naming the option it came from. */
export async function usableFolder(folder: string, option: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new GraphError('bad-path', `The folder ${folder} cannot be used: ${reason}. Choose one that can be written with ${option}.`, {
      cause: thrown,
    });
  });
}
