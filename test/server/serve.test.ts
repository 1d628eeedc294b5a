import { readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ask, FakeEngine, post, startRig, temporaryFolder, visit, workflow } from './rig.ts';

describe('starting', () => {
  it('says in a sentence that the port is in use, and leaves no lock and no engine', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const data = await temporaryFolder();
    const engine = new FakeEngine();
    await expect(startRig({ port, data }, engine)).rejects.toMatchObject({
      code: 'bad-value',
      message: `Port ${port} is in use already, perhaps by another server of ours. Stop it, or choose another one with --port.`,
    });
    other.close();
    expect(await readdir(data)).not.toContain('.litegraph-diffusion.lock');
  });

  it('refuses a data folder that cannot be used', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(startRig({ data: join(folder, 'file') })).rejects.toMatchObject({
      code: 'bad-path',
      message: expect.stringContaining('--data'),
    });
    await writeFile(join(folder, 'input'), 'in the way');
    await expect(startRig({ data: folder })).rejects.toMatchObject({ code: 'bad-path' });
    expect(await readdir(folder)).not.toContain('.litegraph-diffusion.lock');
  });

  it('refuses a second server on the same data folder', async () => {
    await using rig = await startRig();
    await expect(startRig({ data: rig.data })).rejects.toMatchObject({
      code: 'bad-path',
      message: expect.stringContaining('in use by another server'),
    });
    expect((await ask(rig, '/v1/health')).status).toBe(200);
  });

  it('fails when the device is not there, with its reason', async () => {
    const engine = new FakeEngine();
    engine.device = { device: 'cuda', provider: 'CUDAExecutionProvider', state: 'starting' };
    const starting = startRig({}, engine);
    setImmediate(() => engine.become('failed', 'There is no CUDA here. Use --device cpu.'));
    await expect(starting).rejects.toMatchObject({ code: 'device-unavailable', message: 'There is no CUDA here. Use --device cpu.' });
    expect(engine.closed).toBe(true);
  });

  it('survives an engine that is lost later, and waits for it', async () => {
    await using rig = await startRig();
    rig.engine.become('restarting');
    await post(rig, '/v1/jobs', { id: 'a', workflow: workflow() });
    expect((await ask(rig, '/v1/jobs/a')).json()).toMatchObject({ state: 'queued' });
    const running = rig.engine.next();
    rig.engine.become('ready');
    (await running).end('done');
  });

  it('uses several engines at once, and only those that live', async () => {
    const [first, second, dead] = [new FakeEngine(), new FakeEngine(), new FakeEngine()];
    await using rig = await startRig({ startEngines: () => [first, second, dead] });
    dead.become('failed');
    for (const id of ['a', 'b', 'c']) await post(rig, '/v1/jobs', { id, workflow: workflow() });
    const jobs = await ask(rig, '/v1/jobs');
    expect(jobs.text.match(/"state":"running"/g)).toHaveLength(2);
    expect([first.runs.length, second.runs.length, dead.runs.length]).toEqual([1, 1, 0]);
    const next = second.next();
    second.runs[0]?.end('done');
    expect((await next).request.job).toBe('c');
  });
});

describe('closing', () => {
  it('cancels jobs, ends sockets with 1001 and streams, closes engines and gives the lock back', async () => {
    const engine = new FakeEngine();
    const data = await temporaryFolder();
    const rig = await startRig({ data }, engine);
    const visitor = await visit(rig);
    const running = engine.next();
    for (const id of ['a', 'b']) await post(rig, '/v1/jobs', { id, workflow: workflow() });
    await running;
    const stream = ask(rig, '/v1/jobs/b/events');
    await rig.server.close();
    expect(await visitor.closed).toMatchObject({ code: 1001 });
    expect([visitor.events('a').at(-1), visitor.events('b').at(-1)]).toEqual(['state cancelled', 'state cancelled']);
    expect((await stream).text).toContain('"cancelled"');
    expect(engine.cancelled).toEqual(['a']);
    expect(engine.closed).toBe(true);
    expect(await readdir(data)).not.toContain('.litegraph-diffusion.lock');
    await expect(ask(rig, '/v1/health')).rejects.toThrow();
    await rig.server.close();
  });
});

describe('failures of our own', () => {
  it('give 500 without details, and the server goes on', async () => {
    await using rig = await startRig();
    await rm(join(rig.data, 'cache'), { recursive: true });
    const answer = await ask(rig, '/v1/images', { method: 'POST', headers: { 'content-type': 'image/png' }, body: 'x' });
    expect(answer.status).toBe(500);
    expect(answer.json()).toEqual({ problems: [{ code: 'internal', message: 'The server failed at this request. Its log says more.' }] });
    expect((await ask(rig, '/v1/health')).status).toBe(200);
  });
});
