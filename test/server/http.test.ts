import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, codesOf, FakeEngine, post, startRig, tinyPng, visit, workflow } from './rig.ts';

const scripted = (): FakeEngine => {
  const engine = new FakeEngine();
  engine.script = (_request, sink) => {
    sink.event({
      type: 'planned',
      nodes: [
        { node: '1', cached: false },
        { node: '2', cached: false },
      ],
    });
    sink.event({ type: 'started', node: '1' });
    sink.event({ type: 'step', node: '1', index: 1, total: 2 });
    sink.event({ type: 'finished', node: '1', outcome: 'ran', ms: 3, reason: 'New.' });
    sink.event({
      type: 'shown',
      node: '2',
      content: { kind: 'images', files: [{ folder: 'output', name: 'a.png', width: 8, height: 8 }] },
    });
    sink.event({ type: 'finished', node: '2', outcome: 'ran', ms: 1, reason: 'New.' });
    return 'done';
  };
  return engine;
};

const lines = (text: string): { type: string; state?: string; seq: number }[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('jobs over HTTP', () => {
  it('takes a workflow, runs it and tells all of it as NDJSON from the start', async () => {
    await using rig = await startRig({}, scripted());
    const answer = await post(rig, '/v1/jobs', { id: 'first', workflow: workflow() });
    expect(answer.status).toBe(202);
    expect(answer.headers.location).toBe('/v1/jobs/first');
    expect(answer.json()).toMatchObject({ id: 'first', warnings: [] });
    const events = lines((await ask(rig, '/v1/jobs/first/events')).text);
    expect(events.map(({ type, state }) => state ?? type)).toEqual([
      'queued',
      'running',
      'planned',
      'started',
      'step',
      'finished',
      'shown',
      'finished',
      'done',
    ]);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(lines((await ask(rig, '/v1/jobs/first/events?after=7')).text).map(({ seq }) => seq)).toEqual([8, 9]);
    const job = (await ask(rig, '/v1/jobs/first')).json();
    expect(job).toMatchObject({ id: 'first', state: 'done', seq: 9, outputs: [{ node: '2', files: [{ name: 'a.png' }] }] });
    expect(job).toHaveProperty('nodes.1', { state: 'ran', ms: 3, reason: 'New.', step: { index: 1, total: 2 } });
  });

  it('takes a bare document, whatever the content type says, and keeps 64-bit seeds exact', async () => {
    await using rig = await startRig();
    const running = rig.engine.next();
    const text =
      '{"1":{"class_type":"Source","inputs":{"seed":18446744073709551615}},"2":{"class_type":"Show","inputs":{"images":["1",0]}}}';
    const answer = await post(rig, '/v1/jobs', text, { 'content-type': 'text/plain' });
    expect(answer.status).toBe(202);
    const { request, end } = await running;
    expect(request.workflow.nodes.get('1')?.inputs.seed).toEqual({ value: 18446744073709551615n });
    end('done');
  });

  it('gives the same job for the same id and content, and 409 for other content', async () => {
    await using rig = await startRig();
    const first = rig.engine.next();
    await post(rig, '/v1/jobs', { id: 'a', workflow: workflow() });
    await first;
    const again = await post(rig, '/v1/jobs', { workflow: workflow(), id: 'a' });
    expect([again.status, again.json()]).toEqual([202, { id: 'a', state: 'running', warnings: [] }]);
    const other = await post(rig, '/v1/jobs', { id: 'a', workflow: workflow(128) });
    expect([other.status, codesOf(other)]).toEqual([409, ['duplicate-id']]);
    const fresh = await post(rig, '/v1/jobs', { id: 'a', workflow: workflow(), fresh: true });
    expect(fresh.status).toBe(409);
    const list = (await ask(rig, '/v1/jobs')).json();
    expect(list).toMatchObject({ jobs: [{ id: 'a' }] });
    expect(rig.engine.runs).toHaveLength(1);
  });

  it('runs one at a time in order, tells positions, cancels waiting and running ones', async () => {
    await using rig = await startRig();
    const first = rig.engine.next();
    for (const id of ['a', 'b', 'c', 'd']) await post(rig, '/v1/jobs', { id, workflow: workflow() });
    await first;
    const position = async (id: string): Promise<unknown> => (await ask(rig, `/v1/jobs/${id}`)).json();
    expect(await position('d')).toMatchObject({ state: 'queued', position: 3 });
    const visitor = await visit(rig);
    expect((await ask(rig, '/v1/jobs/b', { method: 'DELETE' })).json()).toMatchObject({ state: 'cancelled' });
    await visitor.message('event', ({ event }) => event.job === 'd' && event.type === 'state' && event.position === 2);
    expect((await ask(rig, '/v1/jobs/c', { method: 'PATCH', body: '{"state":"paused"}' })).json()).toMatchObject({ state: 'paused' });
    const next = rig.engine.next();
    expect((await ask(rig, '/v1/jobs/a', { method: 'DELETE' })).status).toBe(200);
    expect(rig.engine.cancelled).toEqual(['a']);
    const second = await next;
    expect(second.request.job).toBe('d');
    expect(await position('a')).toMatchObject({ state: 'cancelled' });
    const third = rig.engine.next();
    expect((await ask(rig, '/v1/jobs/c', { method: 'PATCH', body: '{"state":"queued"}' })).json()).toMatchObject({
      state: 'queued',
      position: 1,
    });
    second.end('done');
    expect((await third).request.job).toBe('c');
    expect((await ask(rig, '/v1/jobs/d', { method: 'PATCH', body: '{"state":"paused"}' })).status).toBe(409);
    expect((await ask(rig, '/v1/jobs/d', { method: 'DELETE' })).json()).toMatchObject({ state: 'done' });
  });

  it('runs up to targets alone, whatever else is unfinished or wrong', async () => {
    await using rig = await startRig();
    const document = { ...workflow(), '3': { class_type: 'Nonsense', inputs: {} }, '4': { class_type: 'Show', inputs: {} } };
    expect((await post(rig, '/v1/jobs', { workflow: document })).status).toBe(400);
    const answer = await post(rig, '/v1/jobs', { id: 'part', workflow: document, targets: ['1'] });
    expect(answer.status).toBe(202);
    expect((await post(rig, '/v1/jobs', { workflow: document, targets: ['4'] })).status).toBe(400);
  });

  it('names the whole address that is not there', async () => {
    await using rig = await startRig();
    expect((await ask(rig, '/v1/nowhere?x=1')).text).toContain('GET /v1/nowhere.');
  });

  it('reports every problem of a workflow at once', async () => {
    await using rig = await startRig();
    const answer = await post(rig, '/v1/jobs', {
      '1': { class_type: 'Source', inputs: { size: 99999 } },
      '2': { class_type: 'Show', inputs: {} },
      '3': { class_type: 'Nonsense', inputs: {} },
      '4': { class_type: 'Show', inputs: { images: ['3', 0] } },
      '5': { class_type: 'Show', inputs: { images: ['1', 0] } },
    });
    expect(answer.status).toBe(400);
    expect(new Set(codesOf(answer))).toEqual(new Set(['out-of-range', 'missing-input', 'unknown-node-type']));
    expect(rig.engine.runs).toHaveLength(0);
  });

  it.each([
    ['no JSON', '{"1": ', 400, 'bad-document'],
    ['nothing', '', 400, 'bad-document'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'bad-document'],
    ['a bad id', { id: '../x', workflow: workflow() }, 400, 'bad-value'],
    ['__proto__ as id', { id: '__proto__', workflow: workflow() }, 400, 'bad-value'],
    ['an unknown option', { id: 'x', workflow: workflow(), urgent: true }, 400, 'bad-value'],
    ['an unknown target', { workflow: workflow(), targets: ['9'] }, 400, 'unknown-node'],
    ['a number as workflow', { workflow: 5 }, 400, 'bad-value'],
    ['an empty workflow', {}, 400, undefined],
    ['a list', [1, 2], 400, undefined],
  ])('refuses %s', async (_name, body, status, code) => {
    await using rig = await startRig();
    const text = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await ask(rig, '/v1/jobs', { method: 'POST', body: text });
    expect(answer.status).toBe(status);
    if (code !== undefined) expect(codesOf(answer)).toEqual([code]);
    else expect(codesOf(answer)).not.toEqual([]);
  });

  it('answers 404 for unknown ids and addresses, 405 for wrong methods, always as problems', async () => {
    await using rig = await startRig();
    for (const [method, path, status] of [
      ['GET', '/v1/jobs/nobody', 404],
      ['DELETE', '/v1/jobs/nobody', 404],
      ['GET', '/v1/jobs/nobody/events', 404],
      ['GET', '/v1/jobs/constructor', 404],
      ['GET', '/v1/nothing', 404],
      ['PUT', '/v1/jobs', 405],
      ['POST', '/v1/nodes', 405],
      ['GET', '/v1/jobs/%ff', 400],
      ['GET', '/v1/jobs?limit=x', 400],
      ['GET', '/nothing', 404],
    ] as const) {
      const answer = await ask(rig, path, { method });
      expect([path, answer.status]).toEqual([path, status]);
      expect(codesOf(answer)).toHaveLength(1);
    }
  });

  it('fails a job whose engine throws, and goes on', async () => {
    const engine = new FakeEngine();
    engine.script = () => Promise.reject(new Error('broken pipe'));
    await using rig = await startRig({}, engine);
    await post(rig, '/v1/jobs', { id: 'a', workflow: workflow() });
    const events = lines((await ask(rig, '/v1/jobs/a/events')).text);
    expect(events.map(({ type, state }) => state ?? type)).toEqual(['queued', 'running', 'problem', 'failed']);
    engine.script = () => 'done';
    await post(rig, '/v1/jobs', { id: 'b', workflow: workflow() });
    expect((await ask(rig, '/v1/jobs/b/events')).text).toContain('"done"');
  });

  it('refuses when the queue is full, and forgets the oldest finished jobs', async () => {
    const engine = scripted();
    await using rig = await startRig({ limits: { queued: 1, finished: 2 } }, engine);
    for (const id of ['a', 'b', 'c']) {
      await post(rig, '/v1/jobs', { id, workflow: workflow() });
      await ask(rig, `/v1/jobs/${id}/events`);
    }
    expect((await ask(rig, '/v1/jobs/a')).status).toBe(404);
    expect((await ask(rig, '/v1/jobs/c')).status).toBe(200);
    engine.script = undefined;
    const held = engine.next();
    await post(rig, '/v1/jobs', { id: 'd', workflow: workflow() });
    await held;
    expect((await post(rig, '/v1/jobs', { id: 'e', workflow: workflow() })).status).toBe(202);
    const full = await post(rig, '/v1/jobs', { id: 'f', workflow: workflow() });
    expect([full.status, codesOf(full), full.headers['retry-after']]).toEqual([503, ['busy'], '5']);
    expect((await ask(rig, '/v1/jobs/f')).status).toBe(404);
  });

  it('follows a job that is still running', async () => {
    await using rig = await startRig();
    const running = rig.engine.next();
    await post(rig, '/v1/jobs', { id: 'a', workflow: workflow() });
    const { sink, end } = await running;
    const response = await fetch(`${rig.url}/v1/jobs/a/events`);
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const readUntil = async (part: string): Promise<void> => {
      while (!text.includes(part)) text += (await reader?.read())?.value ?? '';
    };
    await readUntil('"running"');
    sink.event({ type: 'started', node: '1' });
    await readUntil('"started"');
    end('failed');
    await readUntil('"failed"');
    expect((await reader?.read())?.done).toBe(true);
  });
});

describe('what there is', () => {
  it('lists nodes with choices, models, templates, health', async () => {
    const model = { name: 'tiny', family: 'sd1', bytes: 12, embedded: true, path: '/home/somebody/models/tiny' };
    await using rig = await startRig({ listModels: async () => [model] });
    const upload = await ask(rig, '/v1/images?name=cat.png', { method: 'POST', headers: { 'content-type': 'image/png' }, body: tinyPng });
    expect([upload.status, upload.json()]).toEqual([201, { folder: 'input', name: 'cat.png', width: 1, height: 1 }]);
    const nodes = (await ask(rig, '/v1/nodes')).text;
    expect(nodes).toContain('cat.png');
    expect((await ask(rig, '/v1/models')).json()).toEqual({
      models: [{ name: 'tiny', family: 'sd1', bytes: 12, embedded: true }],
      parts: [],
    });
    const templates = (await ask(rig, '/v1/templates')).json();
    expect(templates).toHaveProperty('templates');
    expect((await ask(rig, '/v1/templates/no/such')).status).toBe(404);
    expect((await ask(rig, '/v1/templates/%2e%2e%2fpackage')).status).toBe(400);
    expect((await ask(rig, '/v1/health')).json()).toMatchObject({
      status: 'ok',
      devices: [{ device: 'cpu', state: 'ready' }],
      jobs: { waiting: 0, running: 0 },
    });
  });

  it('keeps uploads apart, the same one together, and shows them', async () => {
    await using rig = await startRig();
    const send = (name: string, body: Buffer) =>
      ask(rig, `/v1/images?name=${encodeURIComponent(name)}`, { method: 'POST', headers: { 'content-type': 'image/png' }, body });
    const other = Buffer.concat([tinyPng, Buffer.from('tail')]);
    expect((await send('a.png', tinyPng)).json()).toMatchObject({ name: 'a.png' });
    expect((await send('a.png', tinyPng)).json()).toMatchObject({ name: 'a.png' });
    expect((await send('a.png', other)).json()).toMatchObject({ name: 'a-2.png' });
    expect((await send('test..png', tinyPng)).json()).toMatchObject({ name: 'test..png' });
    expect((await send('Katze ü.jpg', tinyPng)).json()).toMatchObject({ name: 'Katze ü.png' });
    const form = new FormData();
    form.append('image', new Blob([other]), 'Bild ö.png');
    const answer = await fetch(`${rig.url}/v1/images`, { method: 'POST', body: form });
    expect(await answer.json()).toMatchObject({ name: 'Bild ö.png' });
    const listed = (await ask(rig, '/v1/images?folder=input&limit=10')).json();
    expect(listed).toHaveProperty('images.length', 6);
    expect((await ask(rig, '/v1/images/input/example.png')).status).toBe(200);
    const image = await ask(rig, `/v1/images/input/${encodeURIComponent('Bild ö.png')}`);
    expect(image.bytes.equals(other)).toBe(true);
    expect(image.headers).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(
      (
        await ask(rig, '/v1/images/input/a.png', {
          headers: { 'if-none-match': (await ask(rig, '/v1/images/input/a.png')).headers.etag ?? '' },
        })
      ).status,
    ).toBe(304);
    expect(await readFile(join(rig.data, 'input', 'a.png'))).toEqual(tinyPng);
  });
});
