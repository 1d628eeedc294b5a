import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPngText } from '../../workflows/index.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { Program } from './program.ts';
import { ask, post, temporaryFolder, tinyPng, visit } from './rig.ts';
import { samplingGraph } from './sampling-graph.ts';

const token = 'a-long-secret';
const bearer = { authorization: `Bearer ${token}` };

let postgres: Postgres;
let folder: string;
let server: Program;
let rig: { port: number };

const startWorker = (name: string, ...more: string[]): Program =>
  new Program(
    ...['worker', '--queue', postgres.url, '--server', `http://127.0.0.1:${rig.port}`, '--token', token],
    ...['--device', 'cpu', '--data', join(folder, name), ...more],
  );

/** Reads a picture of the user's and saves it again. */
const copying = (file: string, prefix: string) => ({
  '1': { class_type: 'LoadImage', inputs: { image: file } },
  '2': { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: prefix } },
  '4': { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
});

const sampling = (steps: number) => samplingGraph(steps, 'far/away');

beforeAll(async () => {
  postgres = await startPostgres();
  folder = await temporaryFolder();
  // A server without a device of its own: all work is the workers'.
  server = new Program(
    'serve',
    '--port',
    '0',
    '--data',
    join(folder, 'server'),
    '--device',
    'none',
    '--queue',
    postgres.url,
    '--token',
    token,
  );
  rig = { port: Number((await server.says(/^litegraph-diffusion is at http:\/\/127\.0\.0\.1:(\d+)/m))[1]) };
});

afterAll(async () => {
  server.child.kill('SIGKILL');
  await server.exit;
  await postgres[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

describe('a worker', () => {
  it('runs jobs of a server: inputs, outputs, previews and recorded steps travel, and nothing stays behind', async () => {
    const worker = startWorker('one');
    await worker.says(/runs jobs of/);
    const headers = { ...bearer, 'content-type': 'image/png' };
    expect((await ask(rig, '/v1/images?name=cat.png', { method: 'POST', headers, body: tinyPng })).status).toBe(201);
    const visitor = await visit(rig, { headers: bearer });
    visitor.send({ type: 'watch', jobs: ['copy', 'sampled'] });
    expect((await post(rig, '/v1/jobs', { id: 'copy', workflow: copying('cat.png', 'copies/cat') }, bearer)).status).toBe(202);
    await visitor.reaches('copy', 'done');
    expect((await ask(rig, '/v1/jobs/copy', { headers: bearer })).json()).toMatchObject({
      state: 'done',
      outputs: [
        { node: '3', files: [{ folder: 'output', name: 'copies/cat_00001_.png', width: 1, height: 1 }] },
        { node: '4', files: [{ folder: 'preview' }] },
      ],
    });
    await post(rig, '/v1/jobs', { id: 'sampled', workflow: sampling(12), record: true }, bearer);
    await visitor.reaches('sampled', 'done');
    expect(visitor.previews.map(({ header }) => header.job)).toContain('sampled');
    expect(visitor.events('sampled')).toContain('step');
    const picture = await ask(rig, '/v1/images/output/far/away_00001_.png', { headers: bearer });
    expect(readPngText(picture.bytes).get('prompt')).toContain('KSampler');
    expect((await ask(rig, '/v1/jobs/sampled/steps/sample/12', { headers: bearer })).bytes.subarray(0, 2)).toEqual(
      Buffer.from([0xff, 0xd8]),
    );
    expect(await readdir(join(folder, 'one', 'cache', 'worker', 'output'), { recursive: true })).toEqual(['copies', 'far']);
    const { workers } = (await ask(rig, '/v1/workers', { headers: bearer })).json() as { workers: { kind: string; here: boolean }[] };
    expect(workers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'server', here: true, models: [] }),
        expect.objectContaining({
          kind: 'worker',
          here: false,
          models: ['tiny-emoji'],
          devices: [expect.objectContaining({ device: 'cpu', state: 'ready' })],
        }),
      ]),
    );
    const two = { '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 2, color: 255 } } };
    const saved = { '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'numbered' } } };
    for (const id of ['named', 'named-again']) {
      await post(rig, '/v1/jobs', { id, workflow: { ...two, ...saved }, saveAs: 'sheet/row-7' }, bearer);
      visitor.send({ type: 'watch', jobs: [id] });
      await visitor.reaches(id, 'done');
    }
    expect(await readdir(join(folder, 'server', 'output', 'sheet'))).toEqual(['row-7-2.png', 'row-7.png']);
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    visitor.socket.close();
  });

  it('writes into the server’s own folders where it can, and says where a file is missing', async () => {
    const headers = { ...bearer, 'content-type': 'image/png' };
    for (const name of ['dog', 'gone']) await ask(rig, `/v1/images?name=${name}.png`, { method: 'POST', headers, body: tinyPng });
    await post(rig, '/v1/jobs', { id: 'gone', workflow: copying('gone.png', 'shared/gone') }, bearer);
    await rm(join(folder, 'server', 'input', 'gone.png'));
    const worker = startWorker('beside', '--shared', join(folder, 'server'));
    await worker.says(/runs jobs of/);
    const visitor = await visit(rig, { headers: bearer });
    visitor.send({ type: 'watch', jobs: ['gone', 'beside'] });
    await visitor.reaches('gone', 'failed');
    expect((await ask(rig, '/v1/jobs/gone', { headers: bearer })).json()).toMatchObject({
      problems: [
        {
          code: 'missing-file',
          node: '1',
          message: expect.stringMatching(/“gone\.png”.* The worker on .* looked for it in .*\/server\/input, where it is not/),
        },
      ],
    });
    await post(rig, '/v1/jobs', { id: 'beside', workflow: copying('dog.png', 'shared/dog') }, bearer);
    await visitor.reaches('beside', 'done');
    expect(await readdir(join(folder, 'server', 'output', 'shared'))).toEqual(['dog_00001_.png']);
    expect((await ask(rig, '/v1/images/output/shared/dog_00001_.png', { headers: bearer })).status).toBe(200);
    expect(await readdir(join(folder, 'beside', 'cache'))).not.toContain('worker');
    expect(await readdir(join(folder, 'server', 'cache', 'saved')).catch(() => [])).toEqual([]);
    worker.child.kill('SIGTERM');
    expect(await worker.exit).toBe(0);
    visitor.socket.close();
  });
});
