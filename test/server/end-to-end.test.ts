import { readFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPngText } from '../../workflows/index.ts';
import { childrenOf, commandOf, isAlive } from './processes.ts';
import { Program, root } from './program.ts';
import { ask, codesOf, post, temporaryFolder, visit } from './rig.ts';

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1000;

const shot = (seed: string, steps = 20): string => {
  const text = readFileSync(join(root, 'workflows', 'text-to-image.json'), 'utf8');
  const graph: { nodes: { type: string; properties: Record<string, unknown> }[] } = JSON.parse(text);
  for (const { type, properties } of graph.nodes) {
    if (type === 'diffusion/RandomNoise') properties.noise_seed = seed;
    if (type === 'diffusion/BasicScheduler') properties.steps = steps;
  }
  return JSON.stringify(graph);
};

describe('a real server with a real engine', () => {
  let data: string;
  let program: Program;
  let rig: { port: number };
  const pid = (): number => program.child.pid ?? 0;

  beforeAll(async () => {
    data = await temporaryFolder();
    program = new Program('serve', '--port', '0', '--data', data, '--device', 'cpu', '--queue', 'embedded');
    rig = { port: Number((await program.says(/^litegraph-diffusion is at http:\/\/127\.0\.0\.1:(\d+) \(cpu\)$/m))[1]) };
  });

  afterAll(async () => {
    program.child.kill('SIGKILL');
    await program.exit;
    await rm(data, { recursive: true, force: true });
  });

  it('takes a quarter of the memory of the other one, before a model is loaded, and with its queue less than half', async () => {
    // The first answer of the queue tells that its database is made and open.
    expect((await ask(rig, '/v1/queue')).status).toBe(200);
    const children = childrenOf(pid());
    expect(children).toHaveLength(2);
    const [queue = 0] = children.filter((child) => commandOf(child).includes('embedded-child'));
    const megabytes = [pid(), ...children.filter((child) => child !== queue)].map(residentMegabytes).reduce((sum, size) => sum + size, 0);
    expect(megabytes).toBeLessThan(238);
    expect(megabytes + residentMegabytes(queue)).toBeLessThan(480);
  });

  it('makes a picture over the socket, with previews, and keeps the seed exact in it', async () => {
    const visitor = await visit(rig);
    visitor.send({ type: 'run', id: 'shot', workflow: shot('18446744073709551615') });
    await visitor.reaches('shot', 'done');
    expect(visitor.previews.length).toBeGreaterThan(0);
    for (const { header, bytes } of visitor.previews) {
      expect(header).toMatchObject({ job: 'shot', total: 20, mime: 'image/jpeg' });
      expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    }
    // Of steps that come close together only some are told, the last one always.
    const told = (await ask(rig, '/v1/jobs/shot/events')).text.matchAll(/"type":"step","node":"9","index":(\d+),"total":20/g);
    const steps = [...told].map(([, index]) => Number(index));
    expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(20);
    visitor.send({ type: 'watch', jobs: ['shot'] });
    const { job } = await visitor.message('snapshot');
    const file = job.outputs[0]?.files[0];
    expect(file).toMatchObject({ folder: 'output', width: 128, height: 128 });
    const png = await ask(rig, `/v1/images/output/${file?.name}`);
    expect([png.status, png.headers['content-type']]).toEqual([200, 'image/png']);
    expect(readPngText(png.bytes).get('workflow')).toContain('18446744073709551615');
    const small = await ask(rig, `/v1/images/output/${file?.name}?width=96`);
    expect([small.status, small.headers['content-type']]).toEqual([200, 'image/webp']);
    expect(small.bytes.length).toBeLessThan(png.bytes.length);
    expect((await ask(rig, '/v1/images')).json()).toMatchObject({ images: [{ name: file?.name }] });
    visitor.socket.close();
  });

  it('does the same over HTTP alone', async () => {
    const answer = await post(rig, '/v1/jobs', shot('7', 3));
    expect(answer.status).toBe(202);
    const events = (await ask(rig, `${answer.headers.location}/events`)).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ type: 'state', state: 'done' });
    expect((await readdir(join(data, 'output'))).length).toBeGreaterThan(1);
  });

  it('lists real nodes, models and templates', async () => {
    expect((await ask(rig, '/v1/nodes')).text).toContain('"SamplerCustomAdvanced"');
    expect((await ask(rig, '/v1/models')).json()).toMatchObject({ models: [{ name: 'tiny-emoji', embedded: true }] });
    const { templates }: { templates: { id: string; title: string; description: string }[] } = JSON.parse(
      (await ask(rig, '/v1/templates')).text,
    );
    expect(templates.map(({ id }) => id)).toContain('text-to-image');
    const jobOf = (id: string): string => `template-${id.replaceAll('/', '-')}`;
    for (const { id, title, description } of templates) {
      expect(title).not.toBe('');
      expect(description).not.toBe('');
      const document = (await ask(rig, `/v1/templates/${id}`)).text;
      // The lessons are run in the browser.
      if (id.startsWith('learn/')) expect(JSON.parse(document)).toHaveProperty('nodes');
      else expect([id, (await post(rig, '/v1/jobs', { id: jobOf(id), workflow: JSON.parse(document) })).status]).toEqual([id, 202]);
    }
    for (const { id } of templates.filter((template) => !template.id.startsWith('learn/'))) {
      expect((await ask(rig, `/v1/jobs/${jobOf(id)}/events`)).text).toMatch(/"state":"done"[^\n]*\n$/);
    }
  });

  it('cancels between steps, gives a page that comes back the state, and goes on', async () => {
    const visitor = await visit(rig);
    visitor.send({ type: 'run', id: 'long', workflow: shot('1', 1000) });
    await visitor.until(({ previews }) => previews.length > 0);
    visitor.socket.terminate();
    const back = await visit(rig);
    back.send({ type: 'watch', jobs: ['long'] });
    expect((await back.message('snapshot')).job.state).toBe('running');
    await back.until(({ previews }) => previews.length > 0);
    back.send({ type: 'cancel', job: 'long' });
    await back.reaches('long', 'cancelled');
    const steps = Number(/"index":(\d+)[^\n]*$/m.exec((await ask(rig, '/v1/jobs/long')).text)?.[1] ?? 0);
    expect(steps).toBeLessThan(1000);
    back.send({ type: 'run', id: 'after', workflow: shot('1', 2) });
    await back.reaches('after', 'done');
    back.socket.close();
  });

  it('survives the death of its engine: the job runs again, after a second death it is given up, and the next one is done', async () => {
    const visitor = await visit(rig);
    const killEngine = async (): Promise<void> => {
      visitor.previews.length = 0;
      await visitor.until(({ previews }) => previews.length > 0);
      const engine = childrenOf(pid()).find((child) => commandOf(child).includes('engine/child'));
      expect(engine).toBeDefined();
      if (engine !== undefined) process.kill(engine, 'SIGKILL');
    };
    visitor.send({ type: 'run', id: 'hurt', workflow: shot('2', 300) });
    await killEngine();
    await visitor.reaches('hurt', 'done');
    expect(visitor.events('hurt').filter((event) => event.startsWith('state'))).toEqual([
      'state queued',
      'state running',
      'state queued',
      'state running',
      'state done',
    ]);
    visitor.send({ type: 'run', id: 'doomed', workflow: shot('2', 1000) });
    await killEngine();
    await killEngine();
    await visitor.reaches('doomed', 'failed');
    expect((await ask(rig, '/v1/jobs/doomed')).json()).toMatchObject({ problems: [{ code: 'engine-lost' }] });
    visitor.send({ type: 'run', id: 'next', workflow: shot('2', 2) });
    await visitor.reaches('next', 'done');
    visitor.socket.close();
  });

  it('goes on answering while a very large document is read', async () => {
    const nodes = Array.from({ length: 9000 }, (_, i) => [
      String(i),
      i % 2 === 0
        ? { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: i } }
        : { class_type: 'Nonsense', inputs: { images: [String(i - 1), 0] } },
    ]);
    const answered: string[] = [];
    const large = post(rig, '/v1/jobs', Object.fromEntries(nodes)).then((answer) => {
      answered.push('large');
      return answer;
    });
    const small = ask(rig, '/v1/health').then(() => answered.push('health'));
    const [answer] = await Promise.all([large, small]);
    expect(answered).toEqual(['health', 'large']);
    expect(answer.status).toBe(400);
    expect(codesOf(answer)).toContain('unknown-node-type');
  });

  it('refuses a second server on its data folder and on its port, and an open address without a token', async () => {
    const fresh = await temporaryFolder();
    const cases: [string[], RegExp][] = [
      [['--port', '0', '--data', data], /^The data folder .* is in use by another server \(process \d+\)\..*\n$/],
      [['--port', String(rig.port), '--data', fresh], /^Port \d+ is in use already.*\n$/],
      [['--port', '0', '--data', fresh, '--host', '0.0.0.0'], /^Serving on 0\.0\.0\.0 .* --token.*\n$/],
    ];
    for (const [args, sentence] of cases) {
      const other = new Program('serve', '--device', 'cpu', ...args);
      expect([args, await other.exit, other.errors]).toEqual([args, 2, expect.stringMatching(sentence)]);
      expect(other.output).toBe('');
    }
    await rm(fresh, { recursive: true, force: true });
  });

  it('closes at SIGTERM in the middle of a run, leaves no lock and no process', async () => {
    const visitor = await visit(rig);
    visitor.send({ type: 'run', id: 'last', workflow: shot('3', 1000) });
    await visitor.until(({ previews }) => previews.length > 0);
    const children = childrenOf(pid());
    program.child.kill('SIGTERM');
    expect((await visitor.closed).code).toBe(1001);
    expect(visitor.events('last').at(-1)).toBe('state queued');
    expect(await program.exit).toBe(0);
    expect(await readdir(data)).not.toContain('.litegraph-diffusion.lock');
    expect(children.filter(isAlive)).toEqual([]);
    const port = createServer().listen(rig.port, '127.0.0.1');
    await new Promise((listening) => port.once('listening', listening));
    port.close();
    expect(await readFile(join(data, 'input', 'example.png'))).toBeDefined();
  });
});
