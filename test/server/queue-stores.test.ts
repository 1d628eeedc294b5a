import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFolders } from '../../server/files/paths.ts';
import { MemoryJobStore } from '../../server/jobs/memory-store.ts';
import type { JobStore, QueuedJob } from '../../server/jobs/store.ts';
import type * as OpenStore from '../../server/queue/open-store.ts';
import type { JobSnapshot } from '../../workflows/protocol.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { root } from './program.ts';
import { temporaryFolder } from './rig.ts';

/** The compiled one: the embedded database lives in a child, which is compiled code. */
const load = async (): Promise<typeof OpenStore> => import(pathToFileURL(join(root, 'dist/server/queue/open-store.js')).href);

const bounds = { queued: 1000, queuedBytes: 1e6 };

const job = (id: string, more: Partial<QueuedJob> = {}): QueuedJob => ({
  id,
  digest: `digest of ${id}`,
  bytes: 10,
  request: { workflow: { nodes: new Map() } },
  source: `{"workflow":{},"id":"${id}"}`,
  title: `Title of ${id}`,
  needs: [],
  priority: 0,
  created: 1000,
  ...more,
});

const waits = (): boolean => false;
const runs = (): boolean => true;

const ended = (id: string, at: number): JobSnapshot => ({
  id,
  safe: true,
  state: 'done',
  created: 1000,
  ended: at,
  nodes: { '1': { state: 'ran', ms: 5 } },
  outputs: [],
  problems: [],
  seq: 3,
});

/** A queue, and a way to open it again as the next process would; without that it is not durable. */
interface Bench extends AsyncDisposable {
  store: JobStore;
  again?: () => Promise<JobStore>;
}

const kinds = ['in memory', 'embedded', 'on PostgreSQL'] as const;
let postgres: Postgres;
let embedded: string;
let module: typeof OpenStore;

async function bench(kind: (typeof kinds)[number]): Promise<Bench> {
  if (kind === 'in memory') return { store: new MemoryJobStore(bounds), [Symbol.asyncDispose]: async () => undefined };
  const data = kind === 'embedded' ? embedded : await temporaryFolder();
  const open = async (): Promise<JobStore> => {
    const store = await module.openStore({
      kind: kind === 'embedded' ? 'embedded' : { postgres: postgres.url },
      folders: dataFolders(data),
      bounds,
      paused: false,
      presence: () => ({ kind: 'server', name: 'test', process: { machine: data, pid: 1, born: '' }, devices: [], models: [] }),
      warn: (message) => expect.unreachable(message),
    });
    await store.open();
    return store;
  };
  let store = await open();
  return {
    store,
    async again() {
      await store.close();
      store = await open();
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const { id } of await store.waiting()) await store.withdraw(id, 1);
      await store.close();
      if (data !== embedded) await rm(data, { recursive: true, force: true });
    },
  };
}

const order = async (store: JobStore): Promise<string[]> => (await store.waiting()).map(({ id }) => id);

beforeAll(async () => {
  postgres = await startPostgres();
  embedded = await temporaryFolder();
  module = await load();
});

afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(embedded, { recursive: true, force: true });
});

describe.each(kinds)('a queue %s', (kind) => {
  /** Ids differ between tests, which share a database. */
  const named = (test: string) => (id: string) => `${test}-${id}`;

  it('gives each job to one taker, by priority and then by age', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const name = named('take');
    for (const id of ['a', 'b', 'c']) expect(await store.add(job(name(id)), waits)).toBe('added');
    expect(await store.add(job(name('urgent'), { priority: 5 }), waits)).toBe('added');
    expect(await order(store)).toEqual(['urgent', 'a', 'b', 'c'].map(name));
    const taken = await Promise.all([store.take(), store.take(), store.take(), store.take(), store.take()]);
    expect(taken.flatMap((found) => (found === undefined ? [] : [found.id])).sort()).toEqual(['a', 'b', 'c', 'urgent'].map(name).sort());
    expect(taken.find((found) => found?.id === name('b'))).toMatchObject({ source: job(name('b')).source, starts: 0 });
    for (const id of ['a', 'b', 'c', 'urgent']) await store.finish(name(id), { state: 'done', at: 1, snapshot: ended(name(id), 1) });
  });

  it('knows its ids and their content, and tells who comes twice', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const id = named('twice')('a');
    expect(await store.find(id, 'x')).toBeUndefined();
    expect(await store.add(job(id), waits)).toBe('added');
    expect(await store.add(job(id), waits)).toBe('same');
    expect(await store.add(job(id, { digest: 'x' }), runs)).toBe('other');
    expect([await store.find(id, job(id).digest), await store.find(id, 'x')]).toEqual(['same', 'other']);
  });

  it('knows a job with its document from the moment it is added, while it waits, is held, runs and after', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const id = named('known')('a');
    const kept = async (): Promise<unknown> => {
      const record = await store.record(id);
      return record && [record.state, record.source];
    };
    expect(await kept()).toBeUndefined();
    await store.add(job(id), waits);
    expect(await kept()).toEqual(['queued', job(id).source]);
    await store.hold(id, true);
    expect(await kept()).toEqual(['paused', job(id).source]);
    await store.hold(id, false);
    expect((await store.take())?.id).toBe(id);
    expect(await kept()).toEqual(['running', job(id).source]);
    await store.finish(id, { state: 'done', at: 1, snapshot: ended(id, 1) });
    expect(await kept()).toEqual(['done', job(id).source]);
  });

  it('takes what waits only up to its size, and always what runs already', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const name = named('full');
    expect(await store.add(job(name('a'), { bytes: 900_000 }), waits)).toBe('added');
    expect(await store.add(job(name('b'), { bytes: 200_000 }), waits)).toBe('full');
    expect(await store.find(name('b'), job(name('b')).digest)).toBeUndefined();
    expect(await store.add(job(name('c'), { bytes: 200_000 }), runs)).toBe('added');
    expect(await order(store)).toEqual([name('a')]);
    await store.finish(name('c'), { state: 'done', at: 1, snapshot: ended(name('c'), 1) });
  });

  it('holds single jobs and the whole queue', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const name = named('hold');
    for (const id of ['a', 'b']) await store.add(job(name(id)), waits);
    expect(await store.hold(name('a'), true)).toBe(true);
    await store.pause(true);
    expect(await store.take()).toBeUndefined();
    await store.pause(false);
    expect((await store.take())?.id).toBe(name('b'));
    expect(await store.take()).toBeUndefined();
    expect(await store.hold(name('b'), true)).toBe(false);
    expect(await store.hold(name('a'), false)).toBe(true);
    expect((await store.take())?.id).toBe(name('a'));
    for (const id of ['a', 'b']) await store.finish(name(id), { state: 'done', at: 1, snapshot: ended(name(id), 1) });
  });

  it('moves several jobs, which take the priority of where they go', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const name = named('move');
    for (const id of ['a', 'b', 'c', 'd', 'e']) await store.add(job(name(id)), waits);
    await store.move([name('e'), name('c')], 'first');
    expect(await order(store)).toEqual(['c', 'e', 'a', 'b', 'd'].map(name));
    await store.move([name('c')], { before: name('d') });
    expect(await order(store)).toEqual(['e', 'a', 'b', 'c', 'd'].map(name));
    await store.prioritise([name('b')], 3);
    expect(await order(store)).toEqual(['b', 'e', 'a', 'c', 'd'].map(name));
    await store.move([name('d')], 'first');
    expect(await order(store)).toEqual(['d', 'b', 'e', 'a', 'c'].map(name));
    await store.move([name('b'), name('nobody')], 'last');
    expect(await order(store)).toEqual(['d', 'e', 'a', 'c', 'b'].map(name));
    await store.add(job(name('f')), waits);
    expect(await order(store)).toEqual(['d', 'e', 'a', 'c', 'b', 'f'].map(name));
  });

  it('keeps ended jobs, newest first and page by page', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const name = named('history');
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      await store.add(job(name(id)), runs);
      await store.finish(name(id), { state: 'done', at: 5e12 + index, snapshot: ended(name(id), 5e12 + index) });
    }
    await store.add(job(name('d')), waits);
    expect(await store.withdraw(name('d'), 6e12)).toBe(true);
    expect(await store.withdraw(name('a'), 6e12)).toBe(false);
    const first = await store.history({ limit: 2 });
    expect(first.jobs.map(({ id, state }) => [id, state])).toEqual([
      [name('d'), 'cancelled'],
      [name('c'), 'done'],
    ]);
    expect(first.jobs[1]).toMatchObject({ title: `Title of ${name('c')}`, snapshot: { nodes: { '1': { state: 'ran', ms: 5 } } } });
    const second = await store.history({ limit: 2, after: first.next });
    expect(second.jobs.map(({ id }) => id)).toEqual(['b', 'a'].map(name));
    expect((await store.history({ limit: 1, state: 'cancelled' })).jobs.map(({ id }) => id)).toEqual([name('d')]);
    expect(await store.record(name('b'))).toMatchObject({ source: job(name('b')).source, ended: 5e12 + 1 });
    expect(await store.record('nobody')).toBeUndefined();
    await store.add(job(name('waits')), waits);
    expect((await store.erase([name('b'), name('waits'), name('d'), 'nobody'])).toSorted()).toEqual(['b', 'd'].map(name));
    expect((await store.history({ limit: 2 })).jobs.map(({ id }) => id)).toEqual(['c', 'a'].map(name));
    expect([await store.record(name('b')), await store.add(job(name('b')), runs)]).toEqual([undefined, 'added']);
    await store.finish(name('b'), { state: 'done', at: 1, snapshot: ended(name('b'), 1) });
    expect(await order(store)).toEqual([name('waits')]);
  });

  it('puts a job back where it was, and counts lost engines', async () => {
    await using setup = await bench(kind);
    const { store } = setup;
    const name = named('back');
    for (const id of ['a', 'b']) await store.add(job(name(id)), waits);
    await store.take();
    expect([await store.countLoss(name('a')), await store.countLoss(name('a'))]).toEqual([1, 2]);
    await store.giveBack(name('a'));
    expect(await order(store)).toEqual(['a', 'b'].map(name));
    expect(await store.take()).toMatchObject({ id: name('a'), starts: 1 });
    await store.finish(name('a'), { state: 'failed', at: 1, snapshot: ended(name('a'), 1) });
  });
});

describe.each(['embedded', 'on PostgreSQL'] as const)('a durable queue %s', (kind) => {
  it('gives what ran back to the queue when its process comes again, in order, and parks what saw too many deaths', async () => {
    await using setup = await bench(kind);
    let { store } = setup;
    for (const id of ['z-a', 'z-b', 'z-c']) await store.add(job(id, { priority: 50 }), waits);
    await store.hold('z-c', true);
    await store.pause(true);
    for (let death = 1; death <= 5; death++) {
      await store.pause(false);
      expect((await store.take())?.id).toBe('z-a');
      if (setup.again === undefined) return expect.unreachable();
      store = await setup.again();
      const { waiting, parked } = await store.open();
      const ids = waiting.map(({ id }) => id);
      if (death < 5) expect([ids, parked]).toEqual([['z-a', 'z-b', 'z-c'], []]);
      else expect([ids, parked]).toEqual([['z-b', 'z-c'], ['z-a']]);
      expect(waiting.find(({ id }) => id === 'z-c')?.paused).toBe(true);
    }
    expect(await store.record('z-a')).toMatchObject({ state: 'failed', snapshot: { problems: [{ code: 'engine-lost' }] } });
  });
});
