import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, startPostgres } from '../server/postgres.ts';
import { ask, post, temporaryFolder, visit } from '../server/rig.ts';
import { samplingGraph } from '../server/sampling-graph.ts';
import { Batch, complete, killing } from './batch.ts';
import { type Host, host } from './hosts.ts';
import { type SecondHost, secondHost } from './second-host.ts';

let folder: string;
const hosts: Host[] = [];
const token = 'a-long-secret';
const headers = { authorization: `Bearer ${token}` };

const started = async (name: string, first: string | readonly string[], ...args: string[]): Promise<Host> => {
  const added = await host(name, first, ...args);
  hosts.push(added);
  return added;
};

const say = (what: string, figures: unknown): void => void process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`);

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  for (const one of hosts.splice(0)) await one.end();
  await rm(folder, { recursive: true, force: true });
});

describe('a hundred kills', () => {
  it('sixty of server, engine and database on one host with the embedded queue', async () => {
    const data = join(folder, 'data');
    const server = await started('server', 'serve', '--port', '0', '--device', 'cpu', '--data', data, '--queue', 'embedded');
    const batch = new Batch(320, { server: () => ({ rig: server }), output: join(data, 'output') });
    const sent = batch.send();
    const victims = [server.victim, server.child('engine', 'engine/child'), server.child('database', 'embedded-child')];
    const hits = await killing(batch, victims, { kills: 60, seed: 60 });
    await sent;
    const result = await batch.result();
    say('one host', { hits, ...result });
    expect(result).toEqual(complete(320));
  });

  it('forty of server, worker and the engine of the worker, the worker being on a second host', async () => {
    using second = secondHost(1);
    await using postgres = await startPostgres(second.here);
    const data = join(folder, 'data');
    const port = String(await freePort());
    const shared = ['--queue', postgres.url, '--token', token];
    const server = await started('server', 'serve', '--host', second.here, '--port', port, '--device', 'none', '--data', data, ...shared);
    const args = ['worker', '--server', `http://${second.here}:${port}`, '--device', 'cpu', '--data', join(folder, 'far'), ...shared];
    const worker = await started('worker', second.command, ...args);
    const batch = new Batch(220, {
      server: () => ({ rig: { port: server.port, host: second.here }, headers }),
      output: join(data, 'output'),
    });
    const sent = batch.send();
    const hits = await killing(batch, [server.victim, worker.victim, worker.child('engine', 'engine/child')], { kills: 40, seed: 40 });
    await sent;
    const result = await batch.result();
    say('two hosts', { hits, ...result });
    expect(result).toEqual(complete(220));
  });
});

describe('several workers', () => {
  it('share three hundred jobs without a double and without a loss; one dies in the middle, a third joins', async () => {
    await using postgres = await startPostgres();
    const data = join(folder, 'data');
    const port = String(await freePort());
    const shared = ['--queue', postgres.url, '--token', token];
    const server = await started('server', 'serve', '--port', port, '--device', 'none', '--data', data, ...shared);
    const worker = (name: string): Promise<Host> =>
      started(name, 'worker', '--server', `http://127.0.0.1:${port}`, '--device', 'cpu', '--data', join(folder, name), ...shared);
    const [, second] = await Promise.all([worker('first'), worker('second')]);
    const batch = new Batch(300, { server: () => ({ rig: server, headers }), output: join(data, 'output') });
    const sent = batch.send();
    await batch.reaches(120);
    await second.end();
    await worker('third');
    await sent;
    const result = await batch.result();
    const shares = new Map<string, number>();
    for (let after = ''; ; ) {
      const page = await ask(server, `/v1/history?limit=200${after}`, { headers });
      const { jobs, next }: { jobs: { worker: string }[]; next?: string } = JSON.parse(page.text);
      for (const job of jobs) shares.set(job.worker, (shares.get(job.worker) ?? 0) + 1);
      if (next === undefined) break;
      after = `&after=${encodeURIComponent(next)}`;
    }
    say('three workers', { ...result, shares: [...shares.values()] });
    expect(result).toEqual(complete(300));
    expect(shares.size).toBe(3);
  });

  it('go on when the database is ended and comes back, ten times', async () => {
    await using postgres = await startPostgres();
    const data = join(folder, 'data');
    const port = String(await freePort());
    const shared = ['--queue', postgres.url, '--token', token];
    const server = await started('server', 'serve', '--port', port, '--device', 'none', '--data', data, ...shared);
    const args = ['--server', `http://127.0.0.1:${port}`, '--device', 'cpu', '--data', join(folder, 'only'), ...shared];
    await started('worker', 'worker', ...args);
    const batch = new Batch(60, { server: () => ({ rig: server, headers }), output: join(data, 'output') });
    const sent = batch.send();
    const hits = await killing(batch, [{ name: 'database', kill: () => postgres.restart() }], { kills: 10, seed: 10 });
    await sent;
    const result = await batch.result();
    say('database ended', { hits, ...result });
    expect(result).toEqual(complete(60));
  });

  it.each([
    ['stands still', 2, (far: Host) => far.signal('SIGSTOP'), (far: Host) => far.signal('SIGCONT')],
    ['is cut off', 3, (_: Host, { cable }: SecondHost) => cable(false), (_: Host, { cable }: SecondHost) => cable(true)],
  ])(
    'take the job of one on another host that %s within 15 seconds, and drop what it sends when it comes back',
    async (how, number, go, come) => {
      using second = secondHost(number);
      await using postgres = await startPostgres(second.here);
      const data = join(folder, 'data');
      const port = String(await freePort());
      const shared = ['--queue', postgres.url, '--token', token];
      const server = await started('server', 'serve', '--host', second.here, '--port', port, '--device', 'none', '--data', data, ...shared);
      const args = (name: string) => [
        'worker',
        '--server',
        `http://${second.here}:${port}`,
        '--device',
        'cpu',
        '--data',
        join(folder, name),
        ...shared,
      ];
      const rig = { port: server.port, host: second.here };
      const far = await started('far', second.command, ...args('far'));
      const visitor = await visit(rig, { headers });
      const runs = (): number => visitor.events('long').filter((event) => event === 'state running').length;
      visitor.send({ type: 'watch', jobs: ['long'] });
      await post(rig, '/v1/jobs', { id: 'long', workflow: samplingGraph(600, 'long') }, headers);
      await visitor.until(({ previews }) => previews.length > 3);
      const near = await started('near', 'worker', ...args('near').slice(1));
      go(far, second);
      const stopped = performance.now();
      await visitor.until(() => runs() >= 2);
      const seconds = (performance.now() - stopped) / 1000;
      come(far, second);
      await visitor.reaches('long', 'done');
      say(`taken over from one that ${how}`, { seconds });
      expect(seconds).toBeLessThan(15);
      const { images } = (await ask(rig, '/v1/images', { headers })).json() as { images: unknown[] };
      expect(images).toHaveLength(1);
      // The one that came back works again.
      await near.end();
      visitor.send({ type: 'watch', jobs: ['after'] });
      await post(rig, '/v1/jobs', { id: 'after', workflow: samplingGraph(2, 'long') }, headers);
      await visitor.reaches('after', 'done');
      visitor.socket.close();
    },
  );
});
