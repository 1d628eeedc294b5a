import { describe, expect, it } from 'vitest';
import { JobBook } from '../../server/jobs/book.ts';
import { Jobs } from '../../server/jobs/jobs.ts';
import { MemoryJobStore } from '../../server/jobs/memory-store.ts';
import type { JobStore } from '../../server/jobs/store.ts';
import type { Submission } from '../../server/jobs/submission.ts';
import { defaultLimits } from '../../server/security/limits.ts';
import type { PreviewHeader } from '../../workflows/protocol.ts';
import { FakeEngine } from './rig.ts';

const submission = (id: string, digest = 'd', bytes = 10): Submission => ({
  id,
  digest,
  source: 'x'.repeat(bytes),
  request: { workflow: { nodes: new Map() } },
});

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A queue whose every call takes a while, as a database's does; its answers travel longest when a job is taken. */
function slow(store: JobStore): JobStore {
  const later =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>, way = 1) =>
    async (...args: A): Promise<R> => {
      await turns(1);
      const result = await call(...args);
      await turns(way);
      return result;
    };
  return {
    durable: store.durable,
    isOpen: store.isOpen,
    remembers: store.remembers,
    open: store.open.bind(store),
    close: store.close.bind(store),
    record: later(store.record.bind(store)),
    history: later(store.history.bind(store)),
    erase: later(store.erase.bind(store)),
    finish: later(store.finish.bind(store)),
    giveBack: later(store.giveBack.bind(store)),
    countLoss: later(store.countLoss.bind(store)),
    move: later(store.move.bind(store)),
    prioritise: later(store.prioritise.bind(store)),
    pause: later(store.pause.bind(store)),
    add: later(store.add.bind(store)),
    find: later(store.find.bind(store)),
    take: later(store.take.bind(store), 8),
    withdraw: later(store.withdraw.bind(store)),
    hold: later(store.hold.bind(store)),
    waiting: later(store.waiting.bind(store)),
    forget: later(store.forget.bind(store)),
  };
}

const setup = (store: JobStore = new MemoryJobStore(defaultLimits), limits = defaultLimits) => {
  const engine = new FakeEngine();
  const jobs = new Jobs(store, { engines: [engine], bounds: limits, read: () => Promise.reject(new Error('not kept')) });
  const ended = (id: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): boolean => {
        const state = jobs.snapshot(id)?.state ?? '';
        const isEnd = ['done', 'failed', 'cancelled'].includes(state);
        if (isEnd) resolve(state);
        return isEnd;
      };
      if (!look()) jobs.listen({ event: () => void look(), preview: () => undefined });
    });
  return { engine, jobs, ended };
};

const header = (job: string): PreviewHeader => ({ job, node: '1', index: 1, total: 2, mime: 'image/jpeg', width: 1, height: 1 });

describe.each([
  ['in memory', () => new MemoryJobStore(defaultLimits)],
  ['with a slow store', () => slow(new MemoryJobStore(defaultLimits))],
])('jobs %s', (_name, store) => {
  it('are all run, whenever they come', async () => {
    const { engine, jobs, ended } = setup(store());
    engine.script = () => 'done';
    const ids = Array.from({ length: 30 }, (_, i) => `j${i}`);
    for (const [i, id] of ids.entries()) {
      void jobs.submit(submission(id));
      await turns(i % 12);
    }
    while (ids.some((id) => jobs.snapshot(id) === undefined)) await turns(1);
    expect(new Set(await Promise.all(ids.map(ended)))).toEqual(new Set(['done']));
    for (const id of ids) {
      const events =
        jobs
          .log(id)
          ?.after(0)
          .map(({ event }) => (event.type === 'state' ? event.state : event.type)) ?? [];
      expect(events.filter((state) => state !== 'queued')).toEqual(['running', 'done']);
      expect(events[0]).toBe('queued');
    }
  });

  it('that come while the engine finds the queue empty are not left lying', async () => {
    for (let moment = 0; moment < 16; moment++) {
      const { engine, jobs, ended } = setup(store());
      engine.script = () => 'done';
      await jobs.submit(submission('a'));
      await ended('a');
      await turns(moment);
      await jobs.submit(submission('b'));
      expect(await ended('b')).toBe('done');
    }
  });

  it('that are cancelled never run on, at whatever moment', async () => {
    for (let moment = 0; moment < 16; moment++) {
      const { engine, jobs, ended } = setup(store());
      const sent = jobs.submit(submission('a'));
      await sent;
      await turns(moment);
      expect((await jobs.cancel('a'))?.id).toBe('a');
      expect(await ended('a')).toBe('cancelled');
      expect(engine.runs.length).toBe(engine.cancelled.length);
      engine.script = () => 'done';
      await jobs.submit(submission('b'));
      expect(await ended('b')).toBe('done');
    }
  });

  it('with one id sent twice at once are one', async () => {
    const { engine, jobs } = setup(store());
    const run = engine.next();
    const results = await Promise.allSettled([
      jobs.submit(submission('a')),
      jobs.submit(submission('a')),
      jobs.submit(submission('a', 'other')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'duplicate-id' } });
    await run;
    expect(engine.runs).toHaveLength(1);
    expect(jobs.recent(10)).toHaveLength(1);
  });
});

describe('jobs', () => {
  it('wait only up to the size of their documents together', async () => {
    const { engine, jobs } = setup(new MemoryJobStore({ queued: 100, queuedBytes: 100 }));
    const run = engine.next();
    await jobs.submit(submission('running', 'd', 90));
    await run;
    await jobs.submit(submission('a', 'd', 60));
    await expect(jobs.submit(submission('b', 'd', 60))).rejects.toMatchObject({ code: 'busy' });
    expect(jobs.snapshot('b')).toBeUndefined();
    await jobs.cancel('a');
    await jobs.submit(submission('b', 'd', 60));
  });

  it('keep the newest preview while its node runs, and none of jobs that do not', async () => {
    const { engine, jobs, ended } = setup();
    const run = engine.next();
    await jobs.submit(submission('a'));
    await jobs.submit(submission('b'));
    const { sink, end } = await run;
    sink.preview(header('a'), new Uint8Array(1));
    sink.preview(header('b'), new Uint8Array(1));
    expect([jobs.lastPreview('a')?.header.job, jobs.lastPreview('b')]).toEqual(['a', undefined]);
    sink.event({ type: 'finished', node: '1', outcome: 'ran', ms: 1, reason: '' });
    expect(jobs.lastPreview('a')).toBeUndefined();
    sink.preview(header('a'), new Uint8Array(1));
    end('done');
    await ended('a');
    expect(jobs.lastPreview('a')).toBeUndefined();
    sink.event({ type: 'started', node: '9' });
    sink.preview(header('a'), new Uint8Array(1));
    expect(jobs.snapshot('a')?.nodes).not.toHaveProperty('9');
    expect(jobs.lastPreview('a')).toBeUndefined();
  });

  it('that have ended are dropped by number and by size, the oldest first', () => {
    const dropped: string[] = [];
    const book = new JobBook({ finished: 100, finishedBytes: 3000, logEvents: 100, recordingBytes: 1e6 }, (id) => dropped.push(id));
    for (const id of ['a', 'b', 'c', 'd']) {
      book.open(id, { title: '', created: 0, safe: true, seq: 0 });
      book.note(id, { type: 'shown', node: '1', content: { kind: 'text', text: 'x'.repeat(1000) } });
      book.note(id, { type: 'state', state: 'done', at: 1 });
    }
    expect(dropped).toEqual(['a', 'b']);
    expect([book.log('a'), book.log('d')?.state]).toEqual([undefined, 'done']);
  });

  it('that belong to a failed engine are told why', async () => {
    const { engine, jobs, ended } = setup();
    engine.become('failed', 'Broken.');
    engine.script = (_request, sink) => {
      sink.event({ type: 'problem', problem: { code: 'engine-lost', message: 'Broken.' } });
      return 'failed';
    };
    await jobs.submit(submission('a'));
    expect(await ended('a')).toBe('failed');
    expect(jobs.snapshot('a')?.problems).toMatchObject([{ code: 'engine-lost', message: expect.stringContaining('2 times') }]);
  });
});
