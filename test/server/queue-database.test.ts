import { copyFile, mkdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolders } from '../../server/files/paths.ts';
import type { JobStore } from '../../server/jobs/store.ts';
import type * as DatabaseImage from '../../server/queue/database-image.ts';
import type * as OpenFolder from '../../server/queue/open-folder.ts';
import type * as OpenStore from '../../server/queue/open-store.ts';
import { root } from './program.ts';
import { temporaryFolder } from './rig.ts';

const compiled = (name: string): string => pathToFileURL(join(root, 'dist/server/queue', name)).href;

let folder: string;
let image: typeof DatabaseImage;

beforeAll(async () => {
  folder = await temporaryFolder();
  image = await import(compiled('database-image.js'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function openStore(name: string): Promise<JobStore> {
  const module: typeof OpenStore = await import(compiled('open-store.js'));
  const data = join(folder, name);
  await mkdir(data, { recursive: true });
  return module.openStore({
    kind: 'embedded',
    folders: dataFolders(data),
    bounds: { queued: 1000, queuedBytes: 1e6 },
    paused: false,
    presence: () => expect.unreachable('Nobody shares it.'),
    warn: (message) => expect.unreachable(message),
  });
}

describe('the database of an embedded queue', () => {
  it('is unpacked at the first start, not made: what marks each database that was made is the same', async () => {
    for (const name of ['one', 'two']) {
      const store = await openStore(name);
      expect((await store.open()).waiting).toEqual([]);
      await store.close();
    }
    const marks = await Promise.all(['one', 'two'].map((name) => readFile(join(folder, name, 'queue/global/pg_control'))));
    expect(marks[0]?.subarray(0, 8)).toEqual(marks[1]?.subarray(0, 8));
  });

  it('gets what it lacks when an older version made it, and keeps its jobs', async () => {
    const { openFolder }: typeof OpenFolder = await import(compiled('open-folder.js'));
    const { queue } = dataFolders(join(folder, 'old'));
    await mkdir(join(folder, 'old'));
    await image.unpackImage(await image.imagePath(), queue);
    const old = await openFolder(queue);
    await old.exec('alter table litegraph_diffusion.jobs drop column unwanted; drop table litegraph_diffusion.hosts');
    const columns = 'id, token, digest, bytes, source, title, needs, priority, rank, state, worker, created';
    for (const [id, state, worker] of [
      ['ran', 'running', 'here'],
      ['waited', 'queued', null],
    ])
      await old.query(
        `insert into litegraph_diffusion.jobs (${columns}) values ($1, 't', 'd', 2, '{}', '', '{}', 0, nextval('litegraph_diffusion.places'), $2, $3, 1)`,
        [id, state, worker],
      );
    await old.close();
    const store = await openStore('old');
    expect((await store.open()).waiting.map(({ id }) => id)).toEqual(['ran', 'waited']);
    expect((await store.take())?.id).toBe('ran');
    await store.close();
  });

  it('is not taken from an image that is cut short', async () => {
    const copy = join(folder, 'cut.image');
    await copyFile(await image.imagePath(), copy);
    await truncate(copy, 100_000);
    await expect(image.unpackImage(copy, join(folder, 'cut'))).rejects.toThrow();
  });
});
