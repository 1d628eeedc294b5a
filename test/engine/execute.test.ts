import { describe, expect, it } from 'vitest';
import { ResultCache } from '../../server/engine/cache.ts';
import { keysOf } from '../../server/engine/keys.ts';
import type { LiveEvent } from '../../server/engine/run-node.ts';
import { noImages, noModels } from '../nodes/no-files.ts';
import { fakeExecutor, planned, runGraph } from './fake-nodes.ts';

const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });
const sum = { a: node('Source', { value: 3 }), b: node('Add', { a: ['a', 0], b: 4 }), c: node('Show', { value: ['b', 0] }) };
const outcomes = (events: readonly LiveEvent[]) =>
  Object.fromEntries(events.flatMap((event) => (event.type === 'finished' ? [[event.node, event.outcome]] : [])));
const reasonOf = (events: readonly LiveEvent[], id: string) =>
  events.flatMap((event) => (event.type === 'finished' && event.node === id ? [event.reason] : []))[0];

describe('executing a plan', () => {
  it('runs what is needed, in order, and tells each thing once', async () => {
    const executor = fakeExecutor();
    const { events, executed } = await runGraph(executor, { ...sum, unused: node('Add', { a: 1, b: 1 }) });
    expect(executed.end).toBe('done');
    expect(executor.runs).toEqual(['Source', 'Add', 'Show']);
    expect(events.map(({ type }) => type)).toEqual([
      'planned',
      'started',
      'finished',
      'started',
      'finished',
      'started',
      'shown',
      'finished',
    ]);
    expect(events.find(({ type }) => type === 'shown')).toMatchObject({ node: 'c', content: { kind: 'text', text: '7' } });
  });

  it('shows a cached result again without running anything', async () => {
    const executor = fakeExecutor();
    await runGraph(executor, sum);
    executor.runs.length = 0;
    const { events } = await runGraph(executor, sum);
    expect(executor.runs).toEqual([]);
    expect(outcomes(events)).toEqual({ a: 'cached', b: 'cached', c: 'cached' });
    expect(events.filter(({ type }) => type === 'shown')).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: 'planned', nodes: [{ cached: true }, { cached: true }, { cached: true }] });
  });

  it('makes a picture again that has been deleted meanwhile, and what it needs', async () => {
    const executor = fakeExecutor();
    const graph = { a: node('Source', { value: 3 }), p: node('Picture', { value: ['a', 0] }) };
    await runGraph(executor, graph);
    executor.runs.length = 0;
    await runGraph(executor, graph);
    expect(executor.runs).toEqual([]);
    await runGraph(executor, graph, { missing: new Set(['a.png']) });
    expect(executor.runs).toEqual(['Picture']);
  });

  it('recognises the same work under other ids and in another order', async () => {
    const executor = fakeExecutor();
    await runGraph(executor, sum);
    executor.runs.length = 0;
    await runGraph(executor, {
      '9': node('Show', { value: ['7', 0] }),
      '7': node('Add', { b: 4, a: ['8', 0] }),
      '8': node('Source', { value: 3 }),
    });
    expect(executor.runs).toEqual([]);
  });

  it('runs only what is below a change, and says why', async () => {
    const executor = fakeExecutor();
    await runGraph(executor, sum);
    executor.runs.length = 0;
    const { events } = await runGraph(executor, { ...sum, b: node('Add', { a: ['a', 0], b: 5 }) });
    expect(executor.runs).toEqual(['Add', 'Show']);
    expect(reasonOf(events, 'a')).toMatch(/^Cached/);
    expect(reasonOf(events, 'b')).toBe('Ran: “b” changed.');
    expect(reasonOf(events, 'c')).toBe('Ran: what comes into “value” changed.');
  });

  it('does not make again what only cached nodes needed', async () => {
    const executor = fakeExecutor();
    await runGraph(executor, sum);
    const keys = await keysOf(planned(executor, sum).tasks, {
      definitions: executor.definitions,
      context: { models: noModels, images: noImages },
    });
    const shown = executor.cache.get(keys.get('c') ?? '');
    const forgetful = { ...executor, cache: new ResultCache(1e6) };
    if (shown !== undefined) forgetful.cache.set(keys.get('c') ?? '', shown);
    executor.runs.length = 0;
    const { events } = await runGraph(forgetful, sum);
    expect(executor.runs).toEqual([]);
    expect(outcomes(events)).toEqual({ a: 'cached', b: 'cached', c: 'cached' });
  });

  it('runs a reader again when its file changed', async () => {
    const executor = fakeExecutor();
    const graph = { r: node('Reader'), s: node('Show', { value: ['r', 0] }) };
    await runGraph(executor, graph);
    await runGraph(executor, graph);
    expect(executor.runs).toEqual(['Reader', 'Show']);
    executor.file.identity = 'second';
    const { events } = await runGraph(executor, graph);
    expect(executor.runs).toEqual(['Reader', 'Show', 'Reader', 'Show']);
    expect(reasonOf(events, 'r')).toBe('Ran: a file it reads changed.');
  });

  it('writes each time, and computes everything again when asked to', async () => {
    const executor = fakeExecutor();
    const graph = { a: node('Source', { value: 3 }), w: node('Write', { value: ['a', 0] }) };
    await runGraph(executor, graph);
    await runGraph(executor, graph);
    expect(executor.runs).toEqual(['Source', 'Write', 'Write']);
    await runGraph(executor, graph, { fresh: true });
    expect(executor.runs).toEqual(['Source', 'Write', 'Write', 'Source', 'Write']);
  });

  it('lets a failing branch leave the others alone', async () => {
    const executor = fakeExecutor();
    const { events, executed } = await runGraph(executor, {
      ...sum,
      x: node('Broken', { a: ['a', 0] }),
      y: node('Add', { a: ['x', 0], b: 1 }),
      z: node('Show', { value: ['y', 0] }),
    });
    expect(executed.end).toBe('failed');
    expect(outcomes(events)).toEqual({ a: 'ran', b: 'ran', c: 'ran', x: 'failed', y: 'skipped', z: 'skipped' });
    expect(events.filter(({ type }) => type === 'problem')).toEqual([
      { type: 'problem', problem: { code: 'internal', node: 'x', message: 'Unexpected failure: it is broken' } },
    ]);
    expect(reasonOf(events, 'z')).toContain('x');
  });

  it('names the port when a wire brings a value out of range', async () => {
    const { events } = await runGraph(fakeExecutor(), {
      a: node('Add', { a: 1000, b: 1000 }),
      b: node('Add', { a: ['a', 0], b: 0 }),
      c: node('Show', { value: ['b', 0] }),
    });
    expect(events.find(({ type }) => type === 'problem')).toMatchObject({
      problem: { code: 'out-of-range', node: 'b', port: 'a', message: 'Expected a value from -1000 to 1000, got 2000.' },
    });
  });

  it('stops between two steps when cancelled, and runs nothing after', async () => {
    const executor = fakeExecutor();
    const abort = new AbortController();
    const { events, executed } = await runGraph(
      executor,
      { l: node('Loop', { steps: 100 }), s: node('Show', { value: 1 }) },
      {
        signal: abort.signal,
        targets: ['l'],
        hear: (event) => {
          if (event.type === 'step' && event.index === 3) abort.abort();
        },
      },
    );
    expect(executed.end).toBe('cancelled');
    expect(executor.runs).toEqual(['step 1', 'step 2', 'step 3']);
    expect(events.some(({ type }) => type === 'problem')).toBe(false);
  });

  it('estimates what is left from the steps that are done', async () => {
    const { events } = await runGraph(fakeExecutor(), { l: node('Loop', { steps: 4 }) });
    const steps = events.flatMap((event) => (event.type === 'step' ? [event] : []));
    expect(steps.map(({ index, total, sigma }) => [index, total, sigma])).toEqual([
      [1, 4, 1],
      [2, 4, 1 / 2],
      [3, 4, 1 / 3],
      [4, 4, 1 / 4],
    ]);
    expect(steps.at(-1)?.left).toBe(0);
  });

  it('keeps what was asked for to the end', async () => {
    const { executed } = await runGraph(fakeExecutor(), sum, { keep: new Set(['a', 'b']) });
    expect(executed.results.get('a')?.outputs).toEqual({ INT: 3 });
    expect(executed.results.get('b')?.outputs).toEqual({ INT: 7 });
  });

  it('goes through a chain of 10,000 nodes, fresh and cached', async () => {
    const executor = fakeExecutor(1e9);
    const graph: Record<string, ReturnType<typeof node>> = { n0: node('Source', { value: 0 }) };
    for (let i = 1; i < 10_000; i++) graph[`n${i}`] = node('Add', { a: [`n${i - 1}`, 0], b: i % 2 === 0 ? 1 : -1 });
    graph.end = node('Show', { value: ['n9999', 0] });
    expect((await runGraph(executor, graph)).executed.end).toBe('done');
    expect(executor.runs).toHaveLength(10_001);
    expect((await runGraph(executor, graph)).executed.end).toBe('done');
    expect(executor.runs).toHaveLength(10_001);
  });
});

describe('the cache', () => {
  const result = (bytes: number) => ({ outputs: { data: new Uint8Array(bytes) }, shown: [] });

  it('drops what was unused longest when it grows beyond its bytes', () => {
    const cache = new ResultCache(10_000);
    cache.set('a', result(3000));
    cache.set('b', result(3000));
    cache.get('a');
    cache.set('c', result(4000));
    expect([cache.has('a'), cache.has('b'), cache.has('c')]).toEqual([true, false, true]);
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
  });

  it('does not keep what alone is too large, and counts a replaced result once', () => {
    const cache = new ResultCache(10_000);
    cache.set('big', result(20_000));
    expect(cache.has('big')).toBe(false);
    cache.set('a', result(3000));
    const once = cache.bytes;
    cache.set('a', result(3000));
    expect(cache.bytes).toBe(once);
  });
});
