import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { RunSink } from '../../server/engine/types.ts';
import type { JobPreview } from '../../server/jobs/book.ts';
import { JobLog } from '../../server/jobs/log.ts';
import { Outbox } from '../../server/socket/outbox.ts';
import { ask, post, type Rig, startRig, visit, workflow } from './rig.ts';

const text = (size = 64): string => JSON.stringify(workflow(size));

const header = (job: string, index: number, node = '1') => ({
  job,
  node,
  index,
  total: 9,
  mime: 'image/jpeg' as const,
  width: 8,
  height: 8,
});

describe('the socket', () => {
  it('runs a workflow and tells everything of it, previews as binary frames', async () => {
    await using rig = await startRig();
    const visitor = await visit(rig);
    expect(await visitor.message('welcome')).toMatchObject({ device: { device: 'cpu', state: 'ready' }, jobs: [] });
    const running = rig.engine.next();
    visitor.send({ type: 'run', id: 'a', workflow: text(), targets: ['2'], fresh: true });
    const { request, sink, end } = await running;
    expect(request).toMatchObject({ job: 'a', targets: ['2'], fresh: true });
    sink.event({ type: 'started', node: '1' });
    sink.event({ type: 'step', node: '1', index: 1, total: 9, sigma: 3, left: 100 });
    sink.preview(header('a', 1), new Uint8Array([255, 216, 1]));
    sink.event({ type: 'shown', node: '2', content: { kind: 'text', text: 'hello' } });
    end('done');
    await visitor.reaches('a', 'done');
    expect(await visitor.message('accepted')).toEqual({ type: 'accepted', id: 'a', position: 0 });
    expect(visitor.events('a')).toEqual(['state queued', 'state running', 'started', 'step', 'shown', 'state done']);
    expect(visitor.previews).toEqual([{ header: header('a', 1), bytes: Buffer.from([255, 216, 1]) }]);
  });

  it('tells pages that do not watch only the states of jobs', async () => {
    await using rig = await startRig();
    const [mine, other] = await Promise.all([visit(rig), visit(rig)]);
    const running = rig.engine.next();
    mine.send({ type: 'run', id: 'a', workflow: text() });
    const { sink, end } = await running;
    sink.event({ type: 'started', node: '1' });
    sink.preview(header('a', 1), new Uint8Array(9));
    end('done');
    await Promise.all([mine.reaches('a', 'done'), other.reaches('a', 'done')]);
    expect(other.events('a')).toEqual(['state queued', 'state running', 'state done']);
    expect([mine.previews.length, other.previews.length]).toEqual([1, 0]);
  });

  it('gives a page that comes back the present state, the newest preview, and all that follows', async () => {
    await using rig = await startRig();
    const first = await visit(rig);
    const running = rig.engine.next();
    first.send({ type: 'run', id: 'a', workflow: text() });
    const { sink, end } = await running;
    sink.event({
      type: 'planned',
      nodes: [
        { node: '1', cached: false },
        { node: '2', cached: false },
      ],
    });
    sink.event({ type: 'started', node: '1' });
    sink.event({ type: 'step', node: '1', index: 3, total: 9 });
    sink.preview(header('a', 2), new Uint8Array(2));
    sink.preview(header('a', 3), new Uint8Array(3));
    await first.until(({ previews }) => previews.length === 2);
    first.socket.terminate();
    sink.event({ type: 'step', node: '1', index: 4, total: 9 });

    const second = await visit(rig);
    expect((await second.message('welcome')).jobs).toMatchObject([{ id: 'a', state: 'running' }]);
    second.send({ type: 'watch', jobs: ['a', 'never'] });
    const { job } = await second.message('snapshot');
    expect(job).toMatchObject({
      state: 'running',
      seq: 6,
      nodes: { 1: { state: 'running', step: { index: 4, total: 9 } }, 2: { state: 'waiting' } },
    });
    expect(await second.message('unknown-job')).toEqual({ type: 'unknown-job', id: 'never' });
    await second.until(({ previews }) => previews.length === 1);
    expect(second.previews[0]?.header.index).toBe(3);
    sink.event({ type: 'finished', node: '1', outcome: 'ran', ms: 1, reason: 'New.' });
    end('done');
    await second.reaches('a', 'done');
    expect(second.events('a')).toEqual(['finished', 'state done']);

    const third = await visit(rig);
    third.send({ type: 'watch', jobs: ['a'] });
    expect((await third.message('snapshot')).job).toMatchObject({ state: 'done', nodes: { 1: { state: 'ran' }, 2: { state: 'skipped' } } });
    expect(third.previews).toEqual([]);
  });

  it('takes the same run again without running it twice, and refuses other content', async () => {
    await using rig = await startRig();
    const visitor = await visit(rig);
    const running = rig.engine.next();
    visitor.send({ type: 'run', id: 'a', workflow: text() });
    await running;
    const back = await visit(rig);
    back.send({ type: 'run', id: 'a', workflow: text() });
    expect(await back.message('accepted')).toMatchObject({ id: 'a', position: 0 });
    expect((await back.message('snapshot')).job.state).toBe('running');
    back.send({ type: 'run', id: 'a', workflow: text(128) });
    expect((await back.message('rejected')).problems).toMatchObject([{ code: 'duplicate-id' }]);
    expect(rig.engine.runs).toHaveLength(1);
    expect((await post(rig, '/v1/jobs', { id: 'a', workflow: workflow() })).status).toBe(202);
  });

  it('runs an ended job again under a new id, and tells all of that one', async () => {
    await using rig = await startRig();
    rig.engine.script = (_request, sink) => {
      sink.event({ type: 'started', node: '1' });
      return 'done';
    };
    const visitor = await visit(rig);
    visitor.send({ type: 'run', id: 'a', workflow: text(128) });
    await visitor.reaches('a', 'done');
    visitor.send({ type: 'retry', job: 'a', id: 'b' });
    await visitor.message('accepted', ({ id }) => id === 'b');
    await visitor.reaches('b', 'done');
    expect(visitor.events('b')).toContain('started');
    visitor.send({ type: 'retry', job: 'nobody', id: 'c' });
    expect(await visitor.message('unknown-job')).toEqual({ type: 'unknown-job', id: 'nobody' });
  });

  it('watches a job that is only sent afterwards, by HTTP', async () => {
    await using rig = await startRig();
    rig.engine.script = (_request, sink) => {
      sink.event({ type: 'started', node: '1' });
      return 'done';
    };
    const visitor = await visit(rig);
    visitor.send({ type: 'watch', jobs: ['later'] });
    await visitor.message('unknown-job');
    await post(rig, '/v1/jobs', { id: 'later', workflow: workflow() });
    await visitor.reaches('later', 'done');
    expect(visitor.events('later')).toContain('started');
  });

  it('cancels, mutes previews, answers pings', async () => {
    await using rig = await startRig();
    const visitor = await visit(rig);
    const running = rig.engine.next();
    visitor.send({ type: 'watch', jobs: [], previews: false });
    visitor.send({ type: 'run', id: 'a', workflow: text() });
    const { sink } = await running;
    sink.preview(header('a', 1), new Uint8Array(5));
    visitor.send({ type: 'ping', at: 12.5 });
    expect(await visitor.message('pong')).toEqual({ type: 'pong', at: 12.5 });
    expect(visitor.previews).toEqual([]);
    visitor.send({ type: 'cancel', job: 'a' });
    await visitor.reaches('a', 'cancelled');
    visitor.send({ type: 'cancel', job: 'b' });
    expect(await visitor.message('unknown-job')).toEqual({ type: 'unknown-job', id: 'b' });
  });

  it('takes messages in turn: a cancel finds the run that was sent just before', async () => {
    await using rig = await startRig();
    const visitor = await visit(rig);
    for (let i = 0; i < 20; i++) {
      visitor.send({ type: 'run', id: `r${i}`, workflow: text() });
      visitor.send({ type: 'cancel', job: `r${i}` });
    }
    await visitor.reaches('r19', 'cancelled');
    expect(visitor.messages.filter(({ type }) => type === 'unknown-job')).toEqual([]);
    const states = (await ask(rig, '/v1/jobs')).text.match(/"state":"cancelled"/g);
    expect(states).toHaveLength(20);
  });

  it('tells of devices and of files that come', async () => {
    await using rig = await startRig();
    const visitor = await visit(rig);
    rig.engine.become('restarting', 'The engine was lost.');
    expect(await visitor.message('device')).toMatchObject({ device: { state: 'restarting', message: 'The engine was lost.' } });
    await ask(rig, '/v1/images?name=x.png', {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: Buffer.from((await import('./rig.ts')).tinyPng),
    });
    await visitor.message('catalogue');
  });

  it.each<[string, string, string]>([
    ['no JSON', '{', 'bad-document'],
    ['a number', '5', 'bad-value'],
    ['null', 'null', 'bad-value'],
    ['no type', '{}', 'bad-value'],
    ['another type', '{"type":"eval","code":"1"}', 'bad-value'],
    ['a type of Object', '{"type":"constructor"}', 'bad-value'],
    ['a bad id', '{"type":"run","id":"../a","workflow":"{}"}', 'bad-value'],
    ['no id', '{"type":"run","workflow":"{}"}', 'bad-value'],
    ['a workflow that is no text', '{"type":"run","id":"a","workflow":{}}', 'bad-value'],
    ['a broken workflow', '{"type":"run","id":"a","workflow":"{"}', 'bad-document'],
    ['an empty workflow', '{"type":"run","id":"a","workflow":""}', 'bad-document'],
    ['more than is known', '{"type":"ping","at":1,"more":1}', 'bad-value'],
    ['__proto__', '{"type":"ping","at":1,"__proto__":{"x":1}}', 'bad-value'],
    ['too many to watch', JSON.stringify({ type: 'watch', jobs: Array.from({ length: 1001 }, (_, i) => `j${i}`) }), 'bad-value'],
  ])('refuses %s with a sentence, and goes on', async (_name, message, code) => {
    await using rig = await startRig();
    const visitor = await visit(rig);
    visitor.send(message);
    const rejected = await visitor.message('rejected');
    expect(rejected.problems.map((problem) => problem.code)).toContain(code);
    expect(rejected.problems[0]?.message).toMatch(/\.$/);
    visitor.send({ type: 'ping', at: 1 });
    await visitor.message('pong');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('refuses binary messages, closes on floods of nonsense and on giant messages', async () => {
    await using rig = await startRig({ limits: { document: 10_000 } });
    const visitor = await visit(rig);
    visitor.socket.send(Buffer.from('{"type":"ping","at":1}'), { binary: true });
    expect((await visitor.message('rejected')).problems[0]?.message).toContain('Binary');
    visitor.send({ type: 'run', id: 'a', workflow: ' '.repeat(10_001) });
    expect((await visitor.message('rejected', ({ id }) => id === 'a')).problems).toMatchObject([{ code: 'too-large' }]);
    for (let i = 0; i < 200; i++) visitor.send('nonsense');
    expect((await visitor.closed).code).toBe(1008);
    const giant = await visit(rig);
    giant.send('x'.repeat(30_000));
    expect((await giant.closed).code).toBe(1009);
    expect((await ask(rig, '/v1/health')).status).toBe(200);
  });

  it('bears broken frames and sudden ends', async () => {
    await using rig = await startRig();
    const raw = connect(rig.port, '127.0.0.1');
    raw.write(
      `GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await new Promise((resolve) => raw.once('data', resolve));
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    await new Promise((resolve) => raw.once('close', resolve));
    const visitor = await visit(rig);
    await visitor.message('welcome');
  });

  it('has room for a limited number of pages', async () => {
    await using rig = await startRig({ limits: { sockets: 1 } });
    const visitor = await visit(rig);
    await expect(visit(rig)).rejects.toThrow('status 503');
    visitor.socket.close();
    await visitor.closed;
    await (await visit(rig)).message('welcome');
  });

  it('cuts off who answers no heartbeat', async () => {
    await using rig = await startRig({ limits: { heartbeat: 20 } });
    const raw = connect(rig.port, '127.0.0.1');
    raw.write(
      `GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    raw.resume();
    await new Promise((resolve) => raw.once('close', resolve));
  });
});

/** Lots of events and previews, in turns with the event loop. */
async function flood(sink: RunSink, rounds: number): Promise<void> {
  for (let i = 1; i <= rounds; i++) {
    sink.event({ type: 'step', node: '1', index: i, total: rounds });
    sink.preview(header('a', i), randomBytes(50_000));
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function startRun(rig: Rig) {
  const visitor = await visit(rig);
  const running = rig.engine.next();
  visitor.send({ type: 'run', id: 'a', workflow: text() });
  const run = await running;
  await visitor.message('accepted');
  return { visitor, ...run };
}

describe('a slow reader', () => {
  it('gets the newest step and preview only, and everything final', async () => {
    await using rig = await startRig();
    const { visitor, sink, end } = await startRun(rig);
    visitor.socket.pause();
    await flood(sink, 2000);
    sink.event({ type: 'finished', node: '1', outcome: 'ran', ms: 1, reason: 'New.' });
    end('done');
    const other = await visit(rig);
    other.send({ type: 'watch', jobs: ['a'] });
    await other.message('snapshot');
    visitor.socket.resume();
    await visitor.reaches('a', 'done');
    expect(visitor.previews.length).toBeLessThan(500);
    expect(visitor.events('a').slice(-2)).toEqual(['finished', 'state done']);
    const bytes = visitor.previews.reduce((sum, preview) => sum + preview.bytes.length, 0);
    expect(bytes).toBeLessThan(2000 * 50_000 * 0.25);
  });

  it('that stays behind is closed with 1013', async () => {
    await using rig = await startRig({ limits: { eventBacklog: 1000, socketBacklog: 100_000 } });
    const { visitor, sink } = await startRun(rig);
    visitor.socket.pause();
    for (let i = 0; i < 4000; i++) {
      sink.event({ type: 'shown', node: '2', content: { kind: 'text', text: 'x'.repeat(4000) } });
      if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    visitor.socket.resume();
    expect(await visitor.closed).toEqual({ code: 1013, reason: expect.stringContaining('connect again') });
    const back = await visit(rig);
    back.send({ type: 'watch', jobs: ['a'] });
    expect((await back.message('snapshot')).job.state).toBe('running');
  });

  it('never makes its outbox grow', () => {
    const sent: (string | Uint8Array)[] = [];
    const callbacks: (() => void)[] = [];
    const wire = {
      bufferedAmount: 0,
      send(data: string | Uint8Array, done: () => void): void {
        sent.push(data);
        wire.bufferedAmount += data.length;
        callbacks.push(done);
      },
    };
    let behind = 0;
    const outbox = new Outbox(wire, { previewBacklog: 1000, eventBacklog: 2000, socketBacklog: 10_000 }, () => behind++);
    const log = new JobLog('a', { title: '', created: 0, safe: true, seq: 0 }, 100_000);
    const preview = (index: number): JobPreview => ({ header: header('a', index), frame: new Uint8Array(600) });
    for (let i = 1; i <= 10_000; i++) {
      outbox.event(log.append({ type: 'step', node: String(i % 3), index: i, total: 10_000 }));
      outbox.preview(preview(i));
    }
    expect(outbox.pending).toBeLessThan(1000);
    expect(wire.bufferedAmount).toBeLessThan(4000);
    const before = sent.length;
    outbox.event(log.append({ type: 'finished', node: '0', outcome: 'ran', ms: 1, reason: '' }));
    expect(sent.length).toBe(before);
    wire.bufferedAmount = 0;
    callbacks.shift()?.();
    const tail = sent.slice(before).map((data) => (typeof data === 'string' ? JSON.parse(data).event : 'preview'));
    expect(tail).toMatchObject([{ index: 9998 }, { index: 9999 }, { index: 10_000 }, { type: 'finished' }, 'preview']);
    expect(behind).toBe(0);
    wire.bufferedAmount = 5000;
    for (let i = 0; i < 100; i++) outbox.message('x'.repeat(200));
    expect([behind, outbox.pending]).toEqual([1, 0]);
  });
});

const silentWire = () => {
  const wire = {
    bufferedAmount: 0,
    sent: 0,
    callbacks: [] as (() => void)[],
    send: (data: string | Uint8Array, done: () => void) => {
      wire.sent++;
      wire.bufferedAmount += data.length;
      wire.callbacks.push(done);
    },
  };
  return wire;
};

describe('an outbox', () => {
  it('holds previews back by themselves, of each node the newest, which may come after its end', () => {
    const wire = silentWire();
    const outbox = new Outbox(wire, { previewBacklog: 1000, eventBacklog: 100_000, socketBacklog: 1_000_000 }, () => undefined);
    const log = new JobLog('a', { title: '', created: 0, safe: true, seq: 0 }, 100);
    for (let i = 0; i < 50; i++) outbox.preview({ header: header('a', i), frame: new Uint8Array(600) });
    expect(wire.sent).toBe(2);
    outbox.event(log.append({ type: 'finished', node: '1', outcome: 'ran', ms: 1, reason: '' }));
    wire.bufferedAmount = 0;
    for (const done of wire.callbacks.splice(0)) done();
    expect(wire.sent).toBe(4);
  });
});

describe('a log', () => {
  it('beyond its limit forgets stale steps and nothing else', () => {
    const log = new JobLog('a', { title: '', created: 0, safe: true, seq: 0 }, 50);
    log.append({ type: 'state', state: 'queued', at: 1, position: 2 });
    log.append({ type: 'state', state: 'queued', at: 2, position: 1 });
    log.append({ type: 'state', state: 'running', at: 3 });
    for (let i = 1; i <= 5000; i++) log.append({ type: 'step', node: String(i % 2), index: i, total: 5000 });
    log.append({ type: 'finished', node: '1', outcome: 'ran', ms: 1, reason: '' });
    const kept = log.after(0);
    expect(kept.length).toBeLessThan(60);
    expect(log.bytes).toBe(kept.reduce((sum, { json }) => sum + json.length, 0));
    expect(kept[0]?.event).toMatchObject({ type: 'state', position: 1, seq: 2 });
    expect(kept.at(-1)?.event).toMatchObject({ type: 'finished', seq: 5004 });
    expect(kept.at(-2)?.event).toMatchObject({ type: 'step', index: 5000 });
    const numbers = kept.map(({ event }) => event.seq);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });
});
