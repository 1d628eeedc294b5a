import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalogue, GraphError, type NodeDefinition, type Problem, toProblem } from '../../nodes/kit/index.ts';
import {
  type Carried,
  type Difference,
  differenceLine,
  diffManifests,
  judged,
  type RunManifest,
  readCarried,
  stringifyJson,
  type Verdict,
  validate,
} from '../../workflows/index.ts';
import { loadCatalogue, withChoices } from '../catalogue.ts';
import { exactName } from '../engine/images/file-names.ts';
import { workflowHash } from '../engine/manifest.ts';
import { type EngineSession, openSession } from '../engine/session.ts';
import { choicesNow } from '../files/choices.ts';
import { comparePixels } from './compare-pixels.ts';
import { type CommonOptions, type DeviceOptions, engineOptions } from './options.ts';
import { exitCodes, follow, interruptible } from './run.ts';

/** `litegraph-diffusion verify`. */
export interface VerifyOptions extends CommonOptions, DeviceOptions {
  /** The largest difference of an 8-bit value that still counts as the same. */
  readonly tolerance: number;
  readonly json: boolean;
}

/** A verdict with its picture. */
type FileVerdict = Verdict & { readonly file: string };

async function carriedBy(file: string, catalogue: Catalogue): Promise<Carried> {
  const bytes = await readFile(file).catch(() => {
    throw new GraphError('missing-file', `There is no file ${file} that can be read.`);
  });
  const carried = readCarried(bytes, catalogue);
  if (carried !== undefined) return carried;
  throw new GraphError(
    'bad-document',
    `${file} does not say how it was made: only a PNG saved by this program, with its metadata, can be verified.`,
  );
}

/** Runs the workflow again into `folder` and gives the new manifest. Throws the first problem. */
async function again(
  { workflow, manifest }: Carried,
  { session, catalogue, folder }: { session: EngineSession; catalogue: Catalogue; folder: string },
): Promise<RunManifest> {
  const { targets } = manifest;
  const chosen = targets === undefined ? {} : { targets };
  const [fault] = validate(workflow, catalogue, chosen);
  if (fault !== undefined) throw new GraphError(fault.code, fault.message, { place: fault });
  const interrupt = interruptible();
  let made: RunManifest | undefined;
  let problem: Problem | undefined;
  try {
    const running = session.run({ workflow, catalogue, signal: interrupt.signal, output: folder, saveAs: 'again', fresh: true, ...chosen });
    await follow(running, (event) => {
      if (event.type === 'manifest') made = event.manifest;
      if (event.type === 'problem') problem ??= event.problem;
    });
  } finally {
    interrupt.release();
  }
  if (problem !== undefined) throw new GraphError(problem.code, problem.message, { place: problem });
  if (made === undefined) throw new GraphError('cancelled', 'The run was cancelled before its end.');
  return made;
}

function sinceThen({ workflow, manifest }: Carried, made: RunManifest): readonly Difference[] {
  const hash = workflowHash(workflow);
  const edited: Difference[] =
    hash === manifest.workflow
      ? []
      : [{ kind: 'value', what: 'the workflow in the file', before: manifest.workflow.slice(0, 12), after: hash.slice(0, 12) }];
  return [...edited, ...diffManifests(manifest, made)];
}

async function verify(
  file: string,
  options: VerifyOptions,
  { definitions, catalogue }: { definitions: ReadonlyMap<string, NodeDefinition>; catalogue: Catalogue },
): Promise<FileVerdict> {
  const carried = await carriedBy(file, catalogue);
  const folder = await mkdtemp(join(tmpdir(), 'litegraph-diffusion-verify-'));
  let session: EngineSession | undefined;
  try {
    session = await openSession(engineOptions(options), definitions);
    const changed = sinceThen(carried, await again(carried, { session, catalogue, folder }));
    const name = exactName('again', carried.manifest.picture ?? 1);
    if (!(await readdir(folder)).includes(name))
      throw new GraphError('nothing-to-run', 'The workflow ran, but no longer saves this picture.');
    const difference = await comparePixels(file, join(folder, name));
    return { file, ...judged(difference, { changed, tolerance: options.tolerance }) };
  } finally {
    await session?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function sentence({ result, difference }: Verdict, tolerance: number): string {
  if (result === 'bit-equal') return 'bit-equal: every value of every pixel is the same.';
  if (difference === undefined) return 'different: the new picture has another size.';
  const { largest, mean, share } = difference;
  const figures = `the largest difference is ${largest} of 255, the mean ${mean.toPrecision(3)}, and ${(100 * share).toPrecision(3)} % of the values differ`;
  return result === 'different'
    ? `different: ${figures} (tolerance ${tolerance}).`
    : `within tolerance: ${figures} (tolerance ${tolerance}).`;
}

/** Runs again what made a picture, says how the new one compares and what has changed since; gives the exit code. */
export async function verifyCommand(file: string, options: VerifyOptions): Promise<number> {
  try {
    const { definitions, specs } = await loadCatalogue();
    const verdict = await verify(file, options, { definitions, catalogue: withChoices(specs, await choicesNow(options)) });
    if (options.json) process.stdout.write(`${stringifyJson(verdict)}\n`);
    else {
      process.stdout.write(`${file}: ${sentence(verdict, options.tolerance)}\n`);
      process.stdout.write(verdict.changed.length === 0 ? 'Nothing it depends on has changed.\n' : 'Changed since it was made:\n');
      for (const difference of verdict.changed) process.stdout.write(`${differenceLine(difference)}\n`);
    }
    return verdict.result === 'different' ? exitCodes.failed : exitCodes.done;
  } catch (thrown) {
    process.stderr.write(`${toProblem(thrown).message}\n`);
    if (thrown instanceof GraphError && thrown.code === 'cancelled') return exitCodes.interrupted;
    return thrown instanceof GraphError ? exitCodes.input : exitCodes.failed;
  }
}
