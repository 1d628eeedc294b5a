import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { imageStore } from '../../server/engine/images/store.ts';
import { forgetSaved } from '../../server/files/saved-pictures.ts';
import { Jobs } from '../../server/jobs/jobs.ts';
import { MemoryJobStore } from '../../server/jobs/memory-store.ts';
import { defaultLimits } from '../../server/security/limits.ts';
import { FakeEngine, temporaryFolder } from './rig.ts';

const disk = vi.hoisted(() => ({ full: false }));

/** A disk that takes the names of files, and their content only while it is not full. */
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open: typeof real.open = async (...args) => {
    const handle = await real.open(...args);
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async (...content) => {
      if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
      return write(...content);
    };
    return handle;
  };
  return { ...real, open };
});

const image = { dims: [1, 4, 4, 3], data: new Float32Array(48).fill(0.5) } as const;

let folder: string;
const storeOf = (job: string) =>
  imageStore({
    folders: { input: folder, output: join(folder, 'output'), preview: join(folder, 'preview') },
    text: () => new Map(),
    now: () => new Date(0),
    job: { notes: join(folder, 'saved'), job },
  });
const pictures = async (): Promise<string[]> => (await readdir(join(folder, 'output'))).sort();

beforeEach(async () => {
  disk.full = false;
  folder = await temporaryFolder();
  await mkdir(join(folder, 'output'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('pictures', () => {
  it('that do not fit on the disk are told of in a sentence, and leave nothing behind', async () => {
    disk.full = true;
    await expect(storeOf('a').save(image, 'cat')).rejects.toMatchObject({
      code: 'bad-path',
      message: expect.stringMatching(/^The picture cannot be written to .*no space left on device.* Make room there/),
    });
    expect(await pictures()).toEqual([]);
    disk.full = false;
    expect(await storeOf('a').save(image, 'cat')).toMatchObject([{ name: 'cat_00001_.png' }]);
  });

  it('of a job that runs again are there once, and those of other jobs stay', async () => {
    await storeOf('a').save(image, 'cat');
    await storeOf('b').save(image, 'cat');
    const again = storeOf('a');
    expect(await again.save(image, 'cat')).toMatchObject([{ name: 'cat_00001_.png' }]);
    // The first run was ended before it came to this one.
    expect(await again.save(image, 'cat')).toMatchObject([{ name: 'cat_00003_.png' }]);
    expect(await pictures()).toEqual(['cat_00001_.png', 'cat_00002_.png', 'cat_00003_.png']);
    // The user moved the picture away, and another job took its name.
    await rm(join(folder, 'output', 'cat_00003_.png'));
    await storeOf('c').save(image, 'cat');
    const third = storeOf('a');
    await third.save(image, 'cat');
    expect(await third.save(image, 'cat')).toMatchObject([{ name: 'cat_00004_.png' }]);
    await forgetSaved(join(folder, 'saved'), 'a');
    expect(await storeOf('a').save(image, 'cat')).toMatchObject([{ name: 'cat_00005_.png' }]);
  });
});

describe('a queue that cannot be written', () => {
  it('refuses new jobs in a sentence, and keeps the ends of those that run until they can be stored', async () => {
    const store = new MemoryJobStore(defaultLimits);
    const full = (): Promise<never> => Promise.reject(Object.assign(new Error('The disk is full.'), { code: 'busy' }));
    const finish = vi.spyOn(store, 'finish').mockImplementationOnce(full);
    const trouble: unknown[] = [];
    const stored: string[] = [];
    const engine = new FakeEngine();
    const jobs = new Jobs(store, {
      engines: [engine],
      bounds: defaultLimits,
      read: () => Promise.reject(new Error('not kept')),
      onTrouble: (error) => trouble.push(error),
      onStored: (id) => stored.push(id),
    });
    const submission = (id: string) => ({ id, digest: id, source: '{}', request: { workflow: { nodes: new Map() } } });
    const running = engine.next();
    await jobs.submit(submission('a'));
    vi.spyOn(store, 'add').mockImplementationOnce(full);
    await expect(jobs.submit(submission('b'))).rejects.toMatchObject({ code: 'busy', message: 'The disk is full.' });
    expect(jobs.snapshot('b')).toBeUndefined();
    (await running).end('done');
    await vi.waitUntil(() => stored.includes('a'));
    expect(finish).toHaveBeenCalledTimes(2);
    expect(trouble).toHaveLength(1);
    expect(await jobs.record('a')).toMatchObject({ state: 'done' });
  });
});
