import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, startPostgres } from '../server/postgres.ts';
import { ask, temporaryFolder } from '../server/rig.ts';
import { Batch, complete, killing } from './batch.ts';
import { type Host, host } from './hosts.ts';

let folder: string;
const hosts: Host[] = [];

const started = async (name: string, ...[first, ...args]: [string, ...string[]]): Promise<Host> => {
  const added = await host(name, first, ...args);
  hosts.push(added);
  return added;
};

beforeEach(async () => {
  folder = await temporaryFolder();
});

afterEach(async () => {
  for (const one of hosts.splice(0)) await one.end();
  await rm(folder, { recursive: true, force: true });
});

describe('a batch during which processes are killed', () => {
  it('is complete, once each and whole, with the embedded queue', async () => {
    const data = join(folder, 'data');
    const server = await started('server', 'serve', '--port', '0', '--device', 'cpu', '--data', data, '--queue', 'embedded');
    const batch = new Batch(25, { server: () => ({ rig: server }), output: join(data, 'output') });
    const sent = batch.send();
    const hits = await killing(batch, [server.victim, server.child('engine', 'engine/child'), server.child('database', 'embedded-child')], {
      kills: 3,
      seed: 4,
    });
    await sent;
    expect(await batch.result()).toEqual(complete(25));
    expect(Object.values(hits).reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it('is complete, once each and whole, with two workers on PostgreSQL', async () => {
    await using postgres = await startPostgres();
    const data = join(folder, 'data');
    const port = String(await freePort());
    const shared = ['--queue', postgres.url, '--token', 'a-long-secret'];
    const server = await started('server', 'serve', '--port', port, '--device', 'none', '--data', data, ...shared);
    const worker = (name: string): Promise<Host> =>
      started(name, 'worker', '--server', `http://127.0.0.1:${port}`, '--device', 'cpu', '--data', join(folder, name), ...shared);
    const [first, second] = await Promise.all([worker('first'), worker('second')]);
    const headers = { authorization: 'Bearer a-long-secret' };
    const batch = new Batch(40, { server: () => ({ rig: server, headers }), output: join(data, 'output') });
    const sent = batch.send();
    const database = { name: 'database', kill: () => postgres.restart() };
    await killing(batch, [server.victim, first.victim, database], { kills: 3, seed: 7 });
    // One dies for good while it works, and a third joins.
    await batch.reaches((await batch.pictures()) + 3);
    await second.end();
    await worker('third');
    await sent;
    expect(await batch.result()).toEqual(complete(40));
    const history = await ask(server, '/v1/history?limit=200', { headers });
    const { jobs }: { jobs: { id: string; worker: string }[] } = JSON.parse(history.text);
    expect(jobs.map(({ id }) => id).sort()).toEqual([...batch.ids].sort());
    // Who is slow to come back may find nothing left; nobody else ran any.
    const ran = new Set(jobs.map((job) => job.worker)).size;
    expect(ran).toBeGreaterThanOrEqual(1);
    expect(ran).toBeLessThanOrEqual(3);
  });
});
