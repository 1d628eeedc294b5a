import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GraphError } from '../../nodes/kit/index.ts';
import { fileKey, type ModelPart } from '../../server/engine/models/named-files.ts';
import { dataFolders } from '../../server/files/paths.ts';
import { Jobs } from '../../server/jobs/jobs.ts';
import type { JobStore } from '../../server/jobs/store.ts';
import type { Submission } from '../../server/jobs/submission.ts';
import type { Database } from '../../server/queue/database.ts';
import { DurableJobStore } from '../../server/queue/durable-store.ts';
import type * as OpenStore from '../../server/queue/open-store.ts';
import { openPostgres } from '../../server/queue/postgres.ts';
import { defaultLimits } from '../../server/security/limits.ts';
import { isFinal } from '../../workflows/protocol.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { root } from './program.ts';
import { FakeEngine, temporaryFolder } from './rig.ts';

let postgres: Postgres;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await temporaryFolder();
});
afterAll(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const submission = (id: string, more: Partial<Submission> = {}): Submission => ({
  id,
  digest: id,
  source: '{}',
  request: { workflow: { nodes: new Map() } },
  ...more,
});

/** A server's queue with a device, on one database with all others of this file, or on one of its own. */
async function open(
  name: string,
  more: { engines?: FakeEngine[]; models?: string[]; parts?: ModelPart[]; embedded?: boolean; folders?: string; server?: string } = {},
) {
  // The embedded database lives in a child, which is compiled code.
  const { openStore }: typeof OpenStore = await import(pathToFileURL(join(root, 'dist/server/queue/open-store.js')).href);
  const { engines = [new FakeEngine()], models = [], parts = [], embedded = false, folders, server } = more;
  await mkdir(join(folder, name));
  const store: JobStore = await openStore({
    kind: embedded ? 'embedded' : { postgres: postgres.url },
    folders: dataFolders(join(folder, name)),
    bounds: defaultLimits,
    paused: false,
    presence: () => ({
      kind: 'server',
      name,
      // Alive for as long as the test runs.
      process: { machine: name, pid: process.pid, born: '' },
      devices: [],
      models: models.map((model) => ({ name: model, family: '', bytes: 1 })),
      parts,
      ...(folders === undefined ? {} : { folders }),
    }),
    ...(server === undefined ? {} : { server: () => server }),
    warn: (message) => expect.unreachable(message),
  });
  const jobs = new Jobs(store, {
    engines,
    bounds: defaultLimits,
    read: async () => ({ workflow: { nodes: new Map() } }),
    hasModels: (needs) => needs.every((need) => models.includes(need) || parts.some((part) => fileKey(part) === need)),
  });
  await jobs.ready;
  const reaches = (id: string, state: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (jobs.snapshot(id)?.state === state) resolve();
      };
      jobs.listen({ event: look, preview: () => undefined });
      look();
    });
  return { store, jobs, engine: engines[0] ?? new FakeEngine(), reaches, [Symbol.asyncDispose]: () => jobs.close() };
}

describe('a database that goes', () => {
  it('ends what it was asked with “busy”, harms nobody else, and answers again when it is back', async () => {
    const database = await openPostgres(postgres.url);
    const [marked, asked] = ['select 1 as marked', 'select pg_sleep(600) as asked'];
    const halfway = database.run([{ text: marked }, { text: asked }]);
    const isAsked = { text: 'select pid from pg_stat_activity where query = $1', values: [asked] };
    while ((await database.run([isAsked]))[0]?.length !== 1);
    const gone = expect(halfway).rejects.toMatchObject({ code: 'busy' });
    await postgres.restart();
    await gone;
    expect(await database.run([{ text: marked }])).toEqual([[{ marked: 1 }]]);
    await database.close();
  });

  it('while a queue is opened is waited for', async () => {
    let asked = 0;
    const run = async (): Promise<[]> => {
      if (asked++ === 0) throw new GraphError('busy', 'It is away.');
      return [];
    };
    const database: Database = { shared: true, run, listen: async () => undefined, close: async () => undefined };
    const store = new DurableJobStore({ database, worker: 'me', existed: true, bounds: defaultLimits });
    expect(await store.open()).toMatchObject({ waiting: [] });
    await store.close();
  });
});

describe('two servers on one queue', () => {
  it('give signs of life and find work while hundreds of new jobs wait to be stored', async () => {
    await using host = await open('flooded', { engines: [] });
    let stored = 0;
    const jobs = Array.from({ length: 300 }, (_, index) => host.jobs.submit(submission(`flood-${index}`)).then(() => stored++));
    // All others stand in line by then.
    await jobs[0];
    await host.store.shared?.beat();
    expect(stored).toBeLessThan(100);
    await Promise.all(jobs);
    await Promise.all((await host.store.waiting()).map(({ id }) => host.jobs.cancel(id)));
  });

  it('tell each other of their jobs, and either cancels what the other runs or has queued', async () => {
    await using first = await open('first');
    await using second = await open('second', { engines: [] });
    const running = first.engine.next();
    await first.jobs.submit(submission('a'));
    await first.jobs.submit(submission('b'));
    await running;
    await second.reaches('a', 'running');
    await second.reaches('b', 'queued');
    await second.jobs.cancel('b');
    await first.reaches('b', 'cancelled');
    await second.jobs.cancel('a');
    await first.reaches('a', 'cancelled');
    await second.reaches('a', 'cancelled');
    expect(first.engine.cancelled).toEqual(['a']);
    const heard = new Promise<void>((resolve) => first.jobs.onQueue(resolve));
    await second.jobs.pause(true);
    await heard;
    await first.jobs.submit(submission('c'));
    expect(first.engine.runs).toHaveLength(1);
    const next = first.engine.next();
    await second.jobs.pause(false);
    expect((await next).request.job).toBe('c');
    (await next).sink.event({
      type: 'shown',
      node: '1',
      content: { kind: 'images', files: [{ folder: 'output', name: 'c.png', width: 1, height: 1 }] },
    });
    (await next).end('done');
    await second.reaches('c', 'done');
    expect(second.jobs.snapshot('c')?.outputs).toEqual([{ node: '1', files: [{ folder: 'output', name: 'c.png', width: 1, height: 1 }] }]);
  });

  it('learn of what runs and waits elsewhere when they join late, and of jobs that ended before they could look', async () => {
    await using first = await open('early');
    const running = first.engine.next();
    await first.jobs.submit(submission('early-runs'));
    await first.jobs.submit(submission('early-waits'));
    await running;
    await using second = await open('late', { engines: [] });
    expect(second.jobs.snapshot('early-runs')?.state).toBe('running');
    expect(second.jobs.snapshot('early-waits')?.state).toBe('queued');
    first.engine.script = () => 'done';
    await second.jobs.cancel('early-waits');
    await first.reaches('early-waits', 'cancelled');
    (await running).end('done');
    await first.reaches('early-runs', 'done');
    const heard: string[] = [];
    second.jobs.listen({
      event: ({ event }) => event.job === 'quick' && event.type === 'state' && heard.push(event.state),
      preview: () => undefined,
    });
    await first.jobs.submit(submission('quick'));
    await second.reaches('quick', 'done');
    expect([heard[0], heard.at(-1)]).toEqual(['queued', 'done']);
  });

  it('run what they have the parts of models for', async () => {
    await using first = await open('without-parts', { models: ['small'] });
    await using second = await open('with-parts', { models: ['small'], parts: [{ kind: 'loras', name: 'ink.safetensors', bytes: 1 }] });
    const runs = second.engine.next();
    await first.jobs.submit(submission('needs-lora', { needs: ['small', 'loras:ink.safetensors'] }));
    const run = await runs;
    expect([run.request.job, first.engine.runs]).toEqual(['needs-lora', []]);
    run.end('done');
    await first.reaches('needs-lora', 'done');
  });

  it('run jobs whose pictures they can reach: their own, those of servers with the same folders, and those of the server they work for', async () => {
    await using mine = await open('mine', { engines: [], folders: 'a' });
    await using other = await open('other-folders', { folders: 'b' });
    for (const id of ['picture-1', 'picture-2']) await mine.jobs.submit(submission(id));
    await using same = await open('same-folders', { engines: [], folders: 'a' });
    await using worker = await open('its-worker', { engines: [], server: mine.store.shared?.me ?? '' });
    for (const { store } of [other, same, worker]) await store.shared?.beat();
    expect([await other.store.take(), other.engine.runs]).toEqual([undefined, []]);
    for (const [{ store }, id] of [[same, 'picture-1'] as const, [worker, 'picture-2'] as const]) {
      expect((await store.take())?.id).toBe(id);
      const nothing = { nodes: {}, outputs: [], problems: [] };
      await store.finish(id, {
        state: 'done',
        at: 1,
        snapshot: { id, title: '', safe: true, state: 'done', created: 0, seq: 1, ...nothing },
      });
    }
  });

  it('run what they have the models for, and see who is there', async () => {
    await using first = await open('third', { models: ['small'] });
    await using second = await open('fourth', { models: ['small', 'large'] });
    const runs = second.engine.next();
    await first.jobs.submit(submission('needs-large', { needs: ['large'] }));
    expect((await runs).request.job).toBe('needs-large');
    expect(first.engine.runs).toEqual([]);
    const { members } = (await first.store.shared?.beat()) ?? { members: [] };
    expect(members.map(({ name, models, jobs }) => [name, models.map((model) => model.name), jobs])).toEqual(
      expect.arrayContaining([
        ['third', ['small'], []],
        ['fourth', ['small', 'large'], ['needs-large']],
      ]),
    );
    (await runs).end('done');
    await first.reaches('needs-large', 'done');
  });
});

describe('a long queue', () => {
  it('runs by priority and then in order, whatever is cancelled while it waits or runs', async () => {
    await using host = await open('long', { embedded: true });
    const { engine, jobs } = host;
    const first = engine.next();
    await jobs.submit(submission('first'));
    const held = await first;
    const ids = Array.from({ length: 150 }, (_, index) => `job-${index}`);
    const priorityOf = (id: string): number => (Number(id.slice(4)) % 10 === 3 ? 5 : 0);
    await Promise.all(ids.map((id) => jobs.submit(submission(id, { priority: priorityOf(id) }))));
    const { waiting } = await jobs.queue();
    expect(waiting.map(({ priority }) => priority)).toEqual(ids.map(priorityOf).sort((a, b) => b - a));
    const unwanted = ids.filter((_, index) => index % 7 === 0);
    for (const id of unwanted) await jobs.cancel(id);
    const order: string[] = [];
    engine.script = ({ job }) => {
      order.push(job);
      return 'done';
    };
    await jobs.cancel('first');
    held.end('cancelled');
    const expected = waiting.map(({ id }) => id).filter((id) => !unwanted.includes(id));
    for (const id of expected) await host.reaches(id, 'done');
    expect(order).toEqual(expected);
    const states = ids.map((id) => jobs.snapshot(id)?.state ?? 'queued');
    expect(states.filter((state) => !isFinal(state))).toEqual([]);
    expect((await jobs.history({ limit: 200, state: 'cancelled' })).jobs).toHaveLength(unwanted.length + 1);
  });
});
