import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FakeEngine, startRig, temporaryFolder, workflow } from './rig.ts';

const files = async (folder: string): Promise<string[]> => (await readdir(folder).catch((): string[] => [])).sort();

/** Waits for a condition that only files tell; vitest's own time limit ends it. */
async function until(fits: () => Promise<boolean>): Promise<void> {
  while (!(await fits())) await new Promise((resolve) => setTimeout(resolve, 20));
}

it('runs each dropped workflow once, moves it, and says why a bad one failed', async () => {
  const folder = join(await temporaryFolder(), 'drop');
  await mkdir(join(folder, 'running'), { recursive: true });
  const engine = new FakeEngine();
  const jobs: string[] = [];
  engine.script = ({ job, workflow: { nodes } }, sink) => {
    jobs.push(job);
    const size = nodes.get('1')?.inputs.size;
    if (size === undefined || !('value' in size) || size.value !== 128) return 'done';
    sink.event({ type: 'problem', problem: { code: 'internal', message: 'The picture fell apart.', node: '1' } });
    return 'failed';
  };
  // Claimed by a server that is gone, whose queue was lost with it.
  await writeFile(join(folder, 'running', 'old.json'), JSON.stringify(workflow(32)));
  const secret = join(folder, '..', 'secret.json');
  await writeFile(secret, JSON.stringify(workflow(48)));
  await using _rig = await startRig({ watch: folder }, engine);
  await until(async () => (await files(join(folder, 'failed'))).includes('old.json'));
  expect(await readFile(join(folder, 'failed', 'old.json.txt'), 'utf8')).toContain('not run again by itself');

  await symlink(secret, join(folder, 'link.json'));
  await writeFile(join(folder, 'good.json'), JSON.stringify(workflow(64)));
  await writeFile(join(folder, 'fails.json'), JSON.stringify(workflow(128)));
  await writeFile(join(folder, 'broken.json'), '{"nodes": [');
  await writeFile(join(folder, 'notes.txt'), 'no workflow');
  await until(async () => (await files(join(folder, 'failed'))).length === 6 && (await files(join(folder, 'done'))).length === 1);
  expect(await files(join(folder, 'done'))).toEqual(['good.json']);
  expect(await files(join(folder, 'failed'))).toEqual([
    'broken.json',
    'broken.json.txt',
    'fails.json',
    'fails.json.txt',
    'old.json',
    'old.json.txt',
  ]);
  expect(await readFile(join(folder, 'failed', 'fails.json.txt'), 'utf8')).toBe('The picture fell apart.\n');
  expect(jobs).toHaveLength(2);

  await writeFile(join(folder, 'good.json'), JSON.stringify(workflow(65)));
  await until(async () => (await files(join(folder, 'done'))).length === 2);
  expect(await files(join(folder, 'done'))).toEqual(['good-2.json', 'good.json']);
  expect(jobs).toHaveLength(3);
  expect(await files(folder)).toEqual(['done', 'failed', 'link.json', 'notes.txt', 'running']);
});
