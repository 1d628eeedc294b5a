import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { z } from 'zod';
import emptyImage from '../../nodes/image/empty-image.node.ts';
import loadImage from '../../nodes/image/load-image.node.ts';
import previewImage from '../../nodes/image/preview-image.node.ts';
import saveImage from '../../nodes/image/save-image.node.ts';
import { type NodeDefinition, specOf } from '../../nodes/kit/index.ts';
import { Program, root } from './program.ts';
import { ask, codesOf, FakeEngine, post, type Rig, startRig, temporaryFolder, tinyPng } from './rig.ts';

const definitions: readonly NodeDefinition[] = [emptyImage, loadImage, saveImage, previewImage];
const specs = new Map(definitions.map((definition) => [definition.type, specOf(definition)]));

const workflow = {
  '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 255 } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
};

const Report = z.object({
  id: z.string(),
  state: z.enum(['running', 'done', 'failed', 'interrupted']),
  total: z.number(),
  done: z.number(),
  failed: z.number(),
  grid: z.string().optional(),
  items: z.array(
    z.object({ row: z.number(), state: z.string(), files: z.array(z.string()), problem: z.object({ message: z.string() }).optional() }),
  ),
});

/** A server whose engine saves pictures of the colour that is asked for, and fails for black. */
async function start(data?: string): Promise<Rig & { runs: string[] }> {
  const engine = new FakeEngine();
  const rig = await startRig({ specs, ...(data === undefined ? {} : { data }) }, engine);
  const runs: string[] = [];
  engine.script = async ({ job, workflow: { nodes }, saveAs }, sink) => {
    runs.push(job);
    const color = nodes.get('1')?.inputs.color;
    const value = color !== undefined && 'value' in color ? Number(color.value) : 0;
    if (value === 0) {
      sink.event({ type: 'problem', problem: { code: 'internal', message: 'Black is no colour.', node: '1' } });
      return 'failed';
    }
    const file = join(rig.data, 'output', `${saveAs}.png`);
    await mkdir(dirname(file), { recursive: true });
    const background = { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
    await writeFile(
      file,
      await sharp({ create: { width: 16, height: 16, channels: 3, background } })
        .png()
        .toBuffer(),
    );
    const files = [{ folder: 'output', name: `${saveAs}.png`, width: 16, height: 16 } as const];
    sink.event({ type: 'shown', node: '2', content: { kind: 'images', files } });
    return 'done';
  };
  return Object.assign(rig, { runs });
}

async function ended(rig: { readonly port: number }, id: string): Promise<z.infer<typeof Report>> {
  for (;;) {
    const report = Report.parse((await ask(rig, `/v1/batches/${id}`)).json());
    if (report.state !== 'running') return report;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

it('runs rows as jobs of the queue, reports the bad one, and resumes after a restart with only what is missing or failed', async () => {
  const data = await temporaryFolder();
  {
    await using rig = await start(data);
    const rows = [{ '1.color': 255 }, { '1.color': 'blue' }, { '1.color': 0 }, { '1.color': 65280 }];
    const answer = await post(rig, '/v1/batches', { id: 'colours', workflow, rows, name: '{row}-{1.color}' });
    expect([answer.status, answer.headers.location]).toEqual([202, '/v1/batches/colours']);
    const report = await ended(rig, 'colours');
    expect([report.state, report.done, report.failed]).toEqual(['failed', 2, 2]);
    expect(report.items.map(({ files, problem }) => files[0] ?? problem?.message)).toEqual([
      '0001-255.png',
      expect.stringContaining('whole number'),
      'Black is no colour.',
      '0004-65280.png',
    ]);
    expect((await ask(rig, '/v1/images/output/colours/0001-255.png')).status).toBe(200);
    expect(codesOf(await post(rig, '/v1/batches', { id: 'colours', workflow, rows }))).toEqual(['duplicate-id']);
    const { batches } = z.object({ batches: z.array(z.object({ id: z.string() })) }).parse((await ask(rig, '/v1/batches')).json());
    expect(batches.map(({ id }) => id)).toEqual(['colours']);
  }
  const request = join(data, 'output', 'colours', 'request.json');
  await writeFile(request, (await readFile(request, 'utf8')).replace('"blue"', '16711680'));
  await rm(join(data, 'output', 'colours', '0004-65280.png'));
  await using rig = await start(data);
  expect((await post(rig, '/v1/batches/colours/resume', {})).status).toBe(202);
  const report = await ended(rig, 'colours');
  expect([report.state, report.done, report.failed]).toEqual(['failed', 3, 1]);
  expect(rig.runs.sort()).toEqual(['colours.2.1', 'colours.3.1', 'colours.4.1']);
});

it('runs pictures of the input folder, each a row, where they can go; a row that is none fails and keeps its number', async () => {
  await using rig = await start();
  const { engine } = rig;
  const loaded: unknown[] = [];
  engine.script = ({ workflow: { nodes } }) => {
    loaded.push(nodes.get('1')?.inputs.image);
    return 'done';
  };
  for (const name of ['cat.png', 'dog.png', 'owl.png'])
    await ask(rig, `/v1/images?name=${name}`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: tinyPng });
  const copying = { '1': { class_type: 'LoadImage', inputs: { image: 'owl.png' } }, '2': workflow['2'] };
  const names = ['cat.png', 'gone.png', 'dog.png'];
  const answer = await post(rig, '/v1/batches', { id: 'pets', workflow: copying, pictures: { names }, name: '{file}' });
  expect(answer.status).toBe(202);
  const report = await ended(rig, 'pets');
  expect(report.items.map(({ state }) => state).sort()).toEqual(['done', 'done', 'failed']);
  expect(report.items.find(({ row }) => row === 2)?.problem?.message).toContain('gone.png');
  expect(loaded).toEqual(expect.arrayContaining([{ value: 'cat.png' }, { value: 'dog.png' }]));
  const nowhere = await post(rig, '/v1/batches', { id: 'nowhere', workflow, pictures: { names } });
  expect([nowhere.status, nowhere.text]).toEqual([400, expect.stringContaining('no node takes one')]);
  await post(rig, '/v1/batches', { id: 'rows', workflow: copying, rows: [null, { '1.image': 'cat.png' }] });
  expect((await ended(rig, 'rows')).items.map(({ row, state }) => `${row} ${state}`).sort()).toEqual(['1 failed', '2 done']);
});

it('is sent by the command line: pictures go there, what is made comes here, and a mended folder runs only what failed', async () => {
  await using rig = await start();
  const here = await temporaryFolder();
  const [photos, out, file] = [join(here, 'photos'), join(here, 'out'), join(here, 'copy.json')];
  const runs: string[] = [];
  rig.engine.script = async ({ job, workflow: { nodes }, saveAs }, sink) => {
    runs.push(job);
    const image = nodes.get('1')?.inputs.image;
    const from = image !== undefined && 'value' in image ? String(image.value) : '';
    const to = join(rig.data, 'output', `${saveAs}.png`);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, await readFile(join(rig.data, 'input', from)));
    const files = [{ folder: 'output', name: `${saveAs}.png`, width: 1, height: 1 } as const];
    sink.event({ type: 'shown', node: '2', content: { kind: 'images', files } });
    return 'done' as const;
  };
  await mkdir(photos);
  await writeFile(file, JSON.stringify({ '1': { class_type: 'LoadImage', inputs: { image: 'cat.png' } }, '2': workflow['2'] }));
  for (const name of ['cat.png', 'dog.png']) await writeFile(join(photos, name), tinyPng);
  await writeFile(join(photos, 'owl.png'), 'no picture');
  const batch = (...more: string[]) =>
    new Program('batch', file, '--server', rig.url, '--each', photos, '--name', '{file}', '--out', out, ...more).ended();
  const first = await batch();
  expect([first.code, first.errors]).toEqual([1, expect.stringContaining('Row 3, owl.png: This file is no PNG')]);
  expect((await readdir(out)).sort()).toEqual(['batch.json', 'cat.png', 'dog.png', 'results.csv', 'server.json']);
  expect(await readFile(join(out, 'dog.png'))).toEqual(tinyPng);
  await writeFile(join(photos, 'owl.png'), tinyPng);
  const second = await batch('--resume', '--json');
  expect([second.code, JSON.parse(second.output)]).toMatchObject([0, { batches: [{ done: 1, failed: 0, unchanged: 2, missing: 0 }] }]);
  expect(runs).toHaveLength(3);
  expect(await readdir(out)).toContain('owl.png');
  const elsewhere = await batch('--resume', '--server', 'http://127.0.0.1:1');
  expect([elsewhere.code, elsewhere.errors]).toEqual([2, expect.stringContaining('cannot be reached')]);
  await rm(here, { recursive: true });
});

it('sweeps with a real engine: every cell, the grid, and in the history what each was made with', async () => {
  const data = await temporaryFolder();
  const program = new Program('serve', '--port', '0', '--data', data, '--device', 'cpu');
  try {
    const [, port = ''] = await program.says(/127\.0\.0\.1:(\d+)/);
    const server = { port: Number(port) };
    const sweep = [
      { field: '1.color', values: [255, 65280, 16711680] },
      { field: '1.width', values: '16..48:16' },
    ];
    expect((await post(server, '/v1/batches', { id: 'grid', workflow, sweep })).status).toBe(202);
    const report = await ended(server, 'grid');
    expect([report.done, report.grid]).toEqual([9, 'grid/grid.png']);
    const grid = await ask(server, '/v1/images/output/grid/grid.png');
    const { width = 0, height = 0 } = await sharp(grid.bytes).metadata();
    expect(Math.min(width, height)).toBeGreaterThan(48);
    const { manifest } = z.object({ manifest: z.unknown() }).parse((await ask(server, '/v1/history/grid.5')).json());
    expect(manifest).toMatchObject({ nodes: { '1': { type: 'EmptyImage', values: { color: 65280, width: 32 } } }, models: {} });
  } finally {
    program.child.kill('SIGTERM');
    await program.exit;
    await rm(data, { recursive: true, force: true });
  }
});

it('cancels, and keeps what is done', async () => {
  await using rig = await start();
  rig.engine.script = undefined;
  const waiting = rig.engine.next();
  await post(rig, '/v1/batches', { id: 'long', workflow, repeat: 50 });
  await waiting;
  const cancelled = Report.parse((await ask(rig, '/v1/batches/long', { method: 'DELETE' })).json());
  expect([cancelled.state, cancelled.done, cancelled.total]).toEqual(['interrupted', 0, 50]);
});

it('goes on by itself after kill -9, with the seeds that were rolled; not with what was cancelled', async () => {
  const data = await temporaryFolder();
  const graph = await readFile(join(root, 'workflows', 'text-to-image.json'), 'utf8');
  const short = graph.replace(/"steps": \d+/, '"steps": 2');
  const serve = (): Program => new Program('serve', '--port', '0', '--data', data, '--device', 'cpu');
  const portOf = async (program: Program): Promise<{ port: number }> => ({ port: Number((await program.says(/127\.0\.0\.1:(\d+)/))[1]) });
  const first = serve();
  const server = await portOf(first);
  await post(server, '/v1/batches', { id: 'given-up', workflow: short, repeat: 50, seeds: 'increment' });
  await ask(server, '/v1/batches/given-up', { method: 'DELETE' });
  await post(server, '/v1/batches', { id: 'many', workflow: short, repeat: 12, seeds: 'randomize' });
  while (Report.parse((await ask(server, '/v1/batches/many')).json()).done < 3) await new Promise((again) => setTimeout(again, 10));
  first.child.kill('SIGKILL');
  await first.exit;
  const second = serve();
  try {
    const again = await portOf(second);
    await second.says(/Goes on with the batch many/);
    const report = await ended(again, 'many');
    expect([report.state, report.done, report.total]).toEqual(['done', 12, 12]);
    const names = (await readdir(join(data, 'output', 'many'))).filter((name) => name.endsWith('.png'));
    expect(names.sort()).toEqual(Array.from({ length: 12 }, (_, row) => `${String(row + 1).padStart(4, '0')}.png`));
    expect(Report.parse((await ask(again, '/v1/batches/given-up')).json()).state).toBe('interrupted');
  } finally {
    second.child.kill('SIGTERM');
    await second.exit;
    await rm(data, { recursive: true, force: true });
  }
});

it('refuses what cannot be a batch', async () => {
  await using rig = await start();
  const refused = async (body: object): Promise<string> => (await post(rig, '/v1/batches', { workflow, ...body })).text;
  expect(await refused({})).toContain('one of rows, csv, pictures, repeat and sweep');
  expect(await refused({ csv: '1.colr\n255\n' })).toContain('Did you mean');
  expect(await refused({ repeat: 2, name: '{oops}' })).toContain('{oops}');
  expect(await refused({ repeat: 0 })).toContain('repeat');
  expect((await ask(rig, '/v1/batches/..%2f..')).status).toBe(404);
  expect((await ask(rig, '/v1/batches/none')).status).toBe(404);
});
