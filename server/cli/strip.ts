import { readFile } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { GraphError, toProblem } from '../../nodes/kit/index.ts';
import { stripPng } from '../../workflows/index.ts';
import { writeWhole } from '../files/write-whole.ts';
import { usableFolder } from './prepare-run.ts';
import { exitCodes } from './run.ts';

/** Takes workflow, manifest and all other texts out of PNGs, in place or into `out`; pixels stay. Gives the exit code: 2 if one could not be done. */
export async function stripCommand(files: readonly string[], { out }: { readonly out?: string }): Promise<number> {
  let code: number = exitCodes.done;
  if (out !== undefined) await usableFolder(resolve(out), '--out');
  for (const file of files) {
    try {
      const bytes = await readFile(file).catch(() => {
        throw new GraphError('missing-file', `There is no file ${file} that can be read.`);
      });
      const path = out === undefined ? file : join(resolve(out), parse(file).base);
      await writeWhole(path, stripPng(bytes));
      process.stdout.write(`${path}\n`);
    } catch (thrown) {
      process.stderr.write(`${file}: ${toProblem(thrown).message}\n`);
      code = exitCodes.input;
    }
  }
  return code;
}
