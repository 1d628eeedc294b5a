import { execFileSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, post, temporaryFolder } from '../server/rig.ts';
import { type Host, host } from './hosts.ts';

let folder: string;
let server: Host | undefined;

/** A disk of its own of so many megabytes; needs root. */
beforeEach(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, 'disk'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', join(folder, 'disk')]);
});

afterEach(async () => {
  await server?.end();
  execFileSync('umount', ['-l', join(folder, 'disk')]);
  await rm(folder, { recursive: true, force: true });
});

/** A picture of noise-free colour that is large as a file only by its number of pixels. */
const item = (index: number) => ({
  '1': { class_type: 'EmptyImage', inputs: { width: 256, height: 256, batch_size: 1, color: index * 7919 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: `item-${index}` } },
});

interface Ended {
  readonly state: string;
  readonly problems: readonly { message: string }[];
  readonly outputs: readonly unknown[];
}

describe('a full disk', () => {
  it('is said in sentences; what was accepted is there, and runs when there is room again', async () => {
    const data = join(folder, 'disk', 'data');
    const serve = (): Promise<Host> => host('server', 'serve', '--port', '0', '--device', 'cpu', '--data', data, '--queue', 'embedded');
    server = await serve();
    const rig = { port: server.port };
    const ended = async (id: string): Promise<Ended> => {
      await ask(rig, `/v1/jobs/${id}/events`);
      return JSON.parse((await ask(rig, `/v1/jobs/${id}`)).text);
    };
    await post(rig, '/v1/jobs', { id: 'before', workflow: item(0) });
    expect((await ended('before')).state).toBe('done');
    const { bavail, bsize } = await statfs(join(folder, 'disk'));
    // Not even the name of a file fits any more.
    await writeFile(join(folder, 'disk', 'filler'), Buffer.alloc(bavail * bsize)).catch(() => undefined);
    const accepted: string[] = [];
    const refusals = new Set<string>();
    for (let index = 1; index <= 20; index++) {
      const id = `item-${index}`;
      const answer = await post(rig, '/v1/jobs', { id, workflow: item(index) });
      if (answer.status === 202) accepted.push(id);
      else refusals.add(`${answer.status} ${answer.text}`);
    }
    for (const refusal of refusals) expect(refusal).toMatch(/^50[37] .*(disk is full|no space|Make room)/i);
    const lost = await Promise.all(accepted.map(async (id) => ((await ask(rig, `/v1/jobs/${id}`)).status === 200 ? [] : [id])));
    expect(lost.flat()).toEqual([]);
    await rm(join(folder, 'disk', 'filler'));
    const failed: string[] = [];
    for (const id of accepted) {
      const { state, problems } = await ended(id);
      if (state === 'done') continue;
      failed.push(id);
      expect([state, problems[0]?.message]).toEqual(['failed', expect.stringMatching(/no space left on device|disk is full/i)]);
    }
    for (const id of failed) {
      const again: { id: string } = JSON.parse((await ask(rig, `/v1/jobs/${id}/retry`, { method: 'POST' })).text);
      expect((await ended(again.id)).state).toBe('done');
    }
    process.stdout.write(
      `full disk: ${JSON.stringify({ accepted: accepted.length, refused: [...refusals], failedAndRetried: failed.length })}\n`,
    );
    // The queue is whole.
    await server.end();
    server = await serve();
    const again = { port: server.port };
    for (const id of ['before', ...accepted]) expect((await ask(again, `/v1/jobs/${id}`)).status).toBe(200);
  });
});
