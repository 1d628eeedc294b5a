import { describe, expect, it } from 'vitest';
import { besideEachOther, isKept } from '../../server/engine/recorder.ts';
import { Recordings } from '../../server/jobs/recordings.ts';
import { ask, codesOf, FakeEngine, post, startRig, workflow } from './rig.ts';

const header = (job: string, index: number, node = '1') => ({ job, node, index, total: 4, sigma: 5 - index, width: 24, height: 8 });

describe('recordings', () => {
  it('are listed node by node, steps in order, a step once', () => {
    const recordings = new Recordings(1000);
    for (const index of [2, 1, 2]) recordings.add(header('a', index), new Uint8Array(10).fill(index));
    recordings.add(header('a', 1, '9'), new Uint8Array(10));
    expect(recordings.list('a')).toEqual([
      {
        node: '1',
        total: 4,
        width: 24,
        height: 8,
        steps: [
          { index: 1, sigma: 4 },
          { index: 2, sigma: 3 },
        ],
      },
      { node: '9', total: 4, width: 24, height: 8, steps: [{ index: 1, sigma: 4 }] },
    ]);
    expect(recordings.step('a', '1', 2)?.[0]).toBe(2);
    expect(recordings.list('unknown')).toEqual([]);
  });

  it('of the oldest jobs go first when there are too many bytes', () => {
    const recordings = new Recordings(100);
    for (const job of ['a', 'b', 'c']) recordings.add(header(job, 1), new Uint8Array(40));
    expect(recordings.list('a')).toEqual([]);
    expect(recordings.step('c', '1', 1)).toBeDefined();
    recordings.forget('b');
    recordings.add(header('d', 1), new Uint8Array(60));
    expect(recordings.step('c', '1', 1)).toBeDefined();
  });

  it('of very long loops keep evenly spread steps, the last one always', () => {
    const kept = Array.from({ length: 1234 }, (_, i) => i + 1).filter((index) => isKept(index, 1234));
    expect(kept.length).toBeGreaterThan(90);
    expect(kept.length).toBeLessThanOrEqual(101);
    expect(kept.at(-1)).toBe(1234);
    const gaps = kept.slice(1).map((index, i) => index - (kept[i] ?? 0));
    expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
    expect([1, 2, 3].every((index) => isKept(index, 3))).toBe(true);
  });

  it('hold three pictures beside each other', () => {
    const shade = (value: number) => ({ width: 1, height: 2, rgb: new Uint8Array(6).fill(value) });
    const { width, height, rgb } = besideEachOther([shade(1), shade(2), shade(3)]);
    expect([width, height, [...rgb]]).toEqual([3, 2, [1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 1, 1, 2, 2, 2, 3, 3, 3]]);
  });

  it('are served for a job that was run with “record”', async () => {
    const engine = new FakeEngine();
    engine.script = (request, sink) => {
      if (request.record === true) sink.recorded(header(request.job, 1), Uint8Array.of(255, 216, 255));
      return 'done';
    };
    await using rig = await startRig({}, engine);
    await post(rig, '/v1/jobs', { id: 'with', workflow: workflow(), record: true });
    await post(rig, '/v1/jobs', { id: 'without', workflow: workflow() });
    await ask(rig, '/v1/jobs/with/events');
    await ask(rig, '/v1/jobs/without/events');
    expect((await ask(rig, '/v1/jobs/with/steps')).json()).toMatchObject({ nodes: [{ node: '1', steps: [{ index: 1, sigma: 4 }] }] });
    expect((await ask(rig, '/v1/jobs/without/steps')).json()).toEqual({ nodes: [] });
    const step = await ask(rig, '/v1/jobs/with/steps/1/1');
    expect([step.status, step.headers['content-type']]).toEqual([200, 'image/jpeg']);
    for (const missing of ['/v1/jobs/nobody/steps', '/v1/jobs/with/steps/1/2', '/v1/jobs/with/steps/2/1', '/v1/jobs/with/steps/1/x']) {
      expect(codesOf(await ask(rig, missing))).toEqual(['not-found']);
    }
    expect((await post(rig, '/v1/jobs', { id: 'with', workflow: workflow() })).status).toBe(409);
  });
});
