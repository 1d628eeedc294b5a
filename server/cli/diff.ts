import { readFile } from 'node:fs/promises';
import { type Catalogue, GraphError, toProblem } from '../../nodes/kit/index.ts';
import {
  differenceLine,
  differencesOf,
  type RunManifest,
  readCarried,
  readWorkflow,
  stringifyJson,
  type Workflow,
} from '../../workflows/index.ts';
import { loadCatalogue } from '../catalogue.ts';
import { readText } from './prepare-run.ts';
import { exitCodes } from './run.ts';

interface Side {
  readonly workflow: Workflow;
  readonly manifest?: RunManifest | undefined;
}

/** A picture's workflow is what ran, every value in it; a file's is what it says. */
async function readSide(file: string, catalogue: Catalogue): Promise<Side> {
  const bytes = file === '-' ? undefined : await readFile(file).catch(() => undefined);
  const carried = bytes === undefined ? undefined : readCarried(bytes, catalogue);
  return carried ?? { workflow: readWorkflow(await readText(file), catalogue).workflow };
}

/** Says how two workflows, or the runs of two pictures, differ in meaning: 0 they do not, 1 they do, 2 one cannot be read. */
export async function diffCommand([a, b]: readonly [string, string], { json }: { readonly json: boolean }): Promise<number> {
  try {
    const { specs } = await loadCatalogue();
    const [before, after] = [await readSide(a, specs), await readSide(b, specs)];
    const differences = differencesOf(before, after, specs);
    if (json) process.stdout.write(`${stringifyJson({ differences })}\n`);
    else if (differences.length === 0) process.stdout.write('They mean the same.\n');
    else for (const difference of differences) process.stdout.write(`${differenceLine(difference)}\n`);
    return differences.length === 0 ? exitCodes.done : exitCodes.failed;
  } catch (thrown) {
    process.stderr.write(`${toProblem(thrown).message}\n`);
    return thrown instanceof GraphError ? exitCodes.input : exitCodes.failed;
  }
}
