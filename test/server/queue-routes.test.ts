import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EndedJob, Queue, WholeJob } from '../../server/http/openapi-schemas.ts';
import { ask, codesOf, FakeEngine, post, type Rig, startRig, visit, workflow } from './rig.ts';

const Page = z.strictObject({ jobs: z.array(EndedJob), next: z.string().optional() });

const historyOf = async (rig: Rig, query = ''): Promise<z.infer<typeof Page>> => Page.parse((await ask(rig, `/v1/history${query}`)).json());

const waitingIds = async (rig: Rig): Promise<string[]> => Queue.parse((await ask(rig, '/v1/queue')).json()).waiting.map(({ id }) => id);

const patch = (rig: Rig, path: string, body: unknown) => ask(rig, path, { method: 'PATCH', body: JSON.stringify(body) });

/** Every node was cached. */
function cachedEngine(): FakeEngine {
  const engine = new FakeEngine();
  engine.script = (_request, sink) => {
    sink.event({ type: 'planned', nodes: [{ node: '1', cached: true }] });
    sink.event({ type: 'finished', node: '1', outcome: 'cached', ms: 0, reason: 'Cached.' });
    return 'done';
  };
  return engine;
}

describe('the queue over HTTP', () => {
  it('is held, put in order, cancelled in part and released; every page hears of it', async () => {
    await using rig = await startRig({}, cachedEngine());
    const visitor = await visit(rig);
    expect((await patch(rig, '/v1/queue', { paused: true })).json()).toMatchObject({ paused: true });
    await visitor.message('queue', ({ queue }) => queue.paused);
    for (const id of ['a', 'b', 'c', 'd']) await post(rig, '/v1/jobs', { id, workflow: workflow() });
    expect(await waitingIds(rig)).toEqual(['a', 'b', 'c', 'd']);
    await post(rig, '/v1/queue/move', { jobs: ['d'], to: 'first' });
    await post(rig, '/v1/queue/move', { jobs: ['a'], to: { before: 'c' } });
    expect(await waitingIds(rig)).toEqual(['d', 'b', 'a', 'c']);
    visitor.send({ type: 'prioritise', jobs: ['c'], priority: 7 });
    await expect.poll(() => waitingIds(rig)).toEqual(['c', 'd', 'b', 'a']);
    await post(rig, '/v1/queue/cancel', { jobs: ['d', 'b'] });
    visitor.send({ type: 'hold', jobs: ['c'], paused: true });
    await expect.poll(async () => Queue.parse((await ask(rig, '/v1/queue')).json()).waiting[0]?.paused).toBe(true);
    await patch(rig, '/v1/queue', { paused: false });
    await expect
      .poll(async () => (await historyOf(rig)).jobs.map(({ id, state }) => [id, state]))
      .toEqual([
        ['a', 'done'],
        ['b', 'cancelled'],
        ['d', 'cancelled'],
      ]);
    expect(await waitingIds(rig)).toEqual(['c']);
  });
});

describe('the history over HTTP', () => {
  it('is paged, says what came from the cache, gives the workflow back and lets jobs be run again and deleted', async () => {
    await using rig = await startRig({}, cachedEngine());
    const { '1': source, '2': show } = workflow();
    const exact = JSON.stringify({ id: 'a', workflow: { '1': source, '2': show } }).replace('"seed":7', '"seed":18446744073709551615');
    await ask(rig, '/v1/jobs', { method: 'POST', body: exact });
    for (const id of ['b', 'c']) await post(rig, '/v1/jobs', { id, workflow: workflow() });
    await expect.poll(async () => (await historyOf(rig)).jobs.length).toBe(3);
    const first = await historyOf(rig, '?limit=2');
    expect(first.jobs.map(({ id, cached }) => [id, cached])).toEqual([
      ['c', true],
      ['b', true],
    ]);
    expect((await historyOf(rig, `?limit=2&after=${first.next}`)).jobs.map(({ id }) => id)).toEqual(['a']);
    expect((await ask(rig, '/v1/history/a/workflow')).text).toContain('"seed":18446744073709551615');
    expect(WholeJob.parse((await ask(rig, '/v1/history/a')).json())).toMatchObject({ id: 'a', nodes: { '1': { state: 'cached' } } });
    const again = z.object({ id: z.string() }).parse((await post(rig, '/v1/jobs/a/retry', {})).json());
    await expect.poll(async () => (await historyOf(rig)).jobs[0]?.id).toBe(again.id);
    expect((await ask(rig, '/v1/history/a', { method: 'DELETE' })).status).toBe(204);
    expect([(await ask(rig, '/v1/history/a')).status, (await ask(rig, '/v1/jobs/a')).status]).toEqual([404, 404]);
    expect((await post(rig, '/v1/history/delete', { jobs: ['b', 'nobody', 'c'] })).json()).toEqual({ deleted: ['b', 'c'] });
    expect((await historyOf(rig)).jobs.map(({ id }) => id)).toEqual([again.id]);
  });

  it('keeps a job that has not ended, and knows no job that never was', async () => {
    await using rig = await startRig();
    const begun = rig.engine.next();
    await post(rig, '/v1/jobs', { id: 'runs', workflow: workflow() });
    const run = await begun;
    const early = await ask(rig, '/v1/history/runs', { method: 'DELETE' });
    expect([early.status, codesOf(early)]).toEqual([409, ['not-allowed']]);
    expect((await ask(rig, '/v1/history/nobody', { method: 'DELETE' })).status).toBe(404);
    expect((await post(rig, '/v1/jobs/nobody/retry', {})).status).toBe(404);
    run.end('done');
  });
});
