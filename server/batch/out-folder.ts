import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError } from '../../nodes/kit/index.ts';
import { BatchState, stateFileName } from './state-file.ts';

const numbered = (name: string, number: number): string => `${name}_batch_${String(number).padStart(5, '0')}`;

async function numbersOf(root: string, name: string): Promise<readonly number[]> {
  const entries = await readdir(root).catch((): string[] => []);
  return entries.filter((entry) => entry.startsWith(`${name}_batch_`)).flatMap((entry) => Number(/(\d+)$/.exec(entry)?.[1] ?? []));
}

/** A folder for a new batch below `root`, `name_batch_00001` and so on; made here, so that no other batch takes it. */
export async function newFolder(root: string, name: string): Promise<string> {
  await mkdir(root, { recursive: true });
  for (let number = Math.max(0, ...(await numbersOf(root, name))) + 1; ; number++) {
    const folder = join(root, numbered(name, number));
    const made = await mkdir(folder).then(
      () => true,
      (thrown: NodeJS.ErrnoException) => {
        if (thrown.code === 'EEXIST') return false;
        throw new GraphError('bad-path', `The folder ${folder} cannot be made: ${thrown.message}. Choose another with --out.`, {
          cause: thrown,
        });
      },
    );
    if (made) return folder;
  }
}

/** The newest folder of a batch of this name below `root`. Throws `missing-file` if there is none. */
export async function latestFolder(root: string, name: string): Promise<string> {
  const newest = Math.max(0, ...(await numbersOf(root, name)));
  if (newest > 0) return join(root, numbered(name, newest));
  throw new GraphError('missing-file', `There is no batch of “${name}” in ${root} to go on with. Name its folder with --out.`);
}

/** Throws `bad-value` if a folder holds a batch already. */
export async function refuseUsed(folder: string): Promise<void> {
  if ((await BatchState.read(folder)) === undefined) return;
  throw new GraphError(
    'bad-value',
    `${folder} holds a batch already (${stateFileName}). Go on with it with --resume, or choose another folder with --out.`,
  );
}
