import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseCsv, readManifest, readPngText } from '../../workflows/index.ts';
import { type Ended, Program, root } from './program.ts';
import { temporaryFolder } from './rig.ts';

const Item = z.object({
  row: z.number(),
  state: z.enum(['done', 'failed']),
  files: z.array(z.string()),
  seeds: z.record(z.string(), z.string()),
  values: z.record(z.string(), z.string()),
  problem: z.object({ message: z.string(), code: z.string() }).optional(),
});
const Report = z.object({
  batches: z.array(
    z.object({
      done: z.number(),
      failed: z.number(),
      unchanged: z.number(),
      missing: z.number(),
      folder: z.string(),
      items: z.array(Item),
      grid: z.string().optional(),
    }),
  ),
});

const template = join(root, 'workflows', 'text-to-image.json');
const small = ['--set', '4.steps=1', '--set', '8.width=64', '--set', '8.height=64'];

let data: string;
let flat: string;
beforeAll(async () => {
  data = await temporaryFolder();
  flat = join(data, 'flat.json');
  const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });
  const graph = {
    '1': node('EmptyImage', { width: 16, height: 16, batch_size: 1, color: 255 }),
    '2': node('PreviewImage', { images: ['1', 0] }),
  };
  await writeFile(flat, JSON.stringify(graph));
});
afterAll(() => rm(data, { recursive: true, force: true }));

const command = (name: string, ...args: string[]): Promise<Ended> => new Program(name, ...args).ended();
const common = (): string[] => ['--data', data, '--device', 'cpu'];

async function batch(file: string, ...args: string[]) {
  const ended = await command('batch', file, ...common(), '--json', ...args);
  const [report] = Report.parse(JSON.parse(ended.output)).batches;
  if (report === undefined) throw new Error(ended.errors);
  return { code: ended.code, ...report };
}

const pictures = async (folder: string): Promise<string[]> => (await readdir(folder)).filter((name) => name.endsWith('.png')).sort();

describe('batch', () => {
  it('makes 19 pictures of 20 prompts with a bad row, and the last one with --resume once it is mended', async () => {
    const out = join(data, 'twenty');
    const table = join(data, 'prompts.csv');
    const prompts = Array.from({ length: 20 }, (_, i) => `prompt ${i + 1}`);
    const rows = (seventh: string): string => prompts.map((prompt, i) => `"${prompt}",${i === 6 ? seventh : i}\n`).join('');
    await writeFile(table, `Prompt.text,Noise.noise_seed\n${rows('many')}`);
    const args = ['--each', table, '--out', out, '--name', '{row}-{Prompt.text}', ...small];
    const first = await batch(template, ...args);
    expect([first.code, first.done, first.failed, first.unchanged]).toEqual([1, 19, 1, 0]);
    expect(first.items[6]).toMatchObject({
      row: 7,
      state: 'failed',
      files: [],
      problem: { message: expect.stringContaining('whole number') },
    });
    expect(await pictures(out)).toHaveLength(19);
    const before = await readFile(join(out, '0008-prompt 8.png'));

    const used = await command('batch', template, ...common(), ...args);
    expect([used.code, used.errors]).toEqual([2, expect.stringContaining('--resume')]);

    await writeFile(table, `Prompt.text,Noise.noise_seed\n${rows('6')}`);
    await rm(join(out, '0020-prompt 20.png'));
    const second = await batch(template, ...args, '--resume');
    expect([second.code, second.done, second.failed, second.unchanged]).toEqual([0, 2, 0, 18]);
    expect(await pictures(out)).toHaveLength(20);
    expect((await readFile(join(out, '0008-prompt 8.png'))).equals(before)).toBe(true);
    const texts = readPngText(await readFile(join(out, '0007-prompt 7.png')));
    expect(texts.get('prompt')).toContain('prompt 7');
    const csv = parseCsv(await readFile(join(out, 'results.csv'), 'utf8'));
    expect(csv).toHaveLength(21);
    expect(csv[7]?.cells).toContain('0007-prompt 7.png');
  });

  it('rolls seeds before each item and records them; what is only shown is saved', async () => {
    const out = join(data, 'seeds');
    const seed = '18446744073709551615';
    const told = await batch(
      template,
      '--repeat',
      '3',
      '--seeds',
      'increment',
      '--name',
      '{seed}',
      '--out',
      out,
      ...small,
      '--set',
      `Noise.noise_seed=${seed}`,
    );
    expect(told.items.map(({ seeds }) => Object.values(seeds))).toEqual([[seed], ['0'], ['1']]);
    expect(await pictures(out)).toEqual(['0.png', '1.png', `${seed}.png`]);
    expect(readPngText(await readFile(join(out, '1.png'))).get('prompt')).toContain('"noise_seed":1}');
    expect(readPngText(await readFile(join(out, '1.png'))).get('workflow')).toContain('"noise_seed": 1');

    const shown = await batch(flat, '--repeat', '1');
    expect(shown.folder).toBe(join(data, 'output', 'flat_batch_00001'));
    expect(await pictures(shown.folder)).toEqual(['0001.png']);
    expect((await batch(flat, '--repeat', '2', '--resume')).unchanged).toBe(1);
  });

  it('takes each picture of a folder; one that is none stops nothing', async () => {
    const folder = join(data, 'photos');
    await mkdir(folder);
    for (const [name, background] of [
      ['a.png', '#f00'],
      ['b.jpg', '#0f0'],
    ] as const)
      await sharp({ create: { width: 8, height: 8, channels: 3, background } }).toFile(join(folder, name));
    await writeFile(join(folder, 'c.png'), 'no picture');
    const graph = {
      load: { class_type: 'LoadImage', inputs: {} },
      save: { class_type: 'SaveImage', inputs: { images: ['load', 0] } },
    };
    const file = join(data, 'load.json');
    await writeFile(file, JSON.stringify(graph));
    const told = await batch(file, '--each', folder, '--name', '{file}-done', '--out', join(data, 'photos-done'));
    expect([told.code, told.done, told.failed]).toEqual([1, 2, 1]);
    expect(await pictures(told.folder)).toEqual(['a-done.png', 'b-done.png']);
    expect(told.items[2]?.problem?.code).toBe('bad-image');
    const { channels } = await sharp(join(told.folder, 'a-done.png')).stats();
    expect(channels.map(({ mean }) => mean)).toEqual([255, 0, 0]);
  });

  it('refuses what says nothing or is misspelt, before anything runs', async () => {
    const table = join(data, 'bad.csv');
    await writeFile(table, 'Promt.text\nx\n');
    const refused = async (...args: string[]): Promise<string> => {
      const { code, errors } = await command('batch', template, ...common(), ...args);
      expect(code).toBe(2);
      return errors;
    };
    expect(await refused('--each', table)).toContain('Did you mean');
    expect(await refused()).toContain('--each, --repeat and --sweep');
    expect(await refused('--repeat', '2', '--name', '{rwo}')).toContain('{rwo}');
  });
});

describe('sweep', () => {
  it('makes every cell, a labelled grid and a table; Ctrl-C keeps what is done and --resume goes on', async () => {
    const out = join(data, 'sweep');
    const args = ['--sweep', '1.color=255,65280,16711680', '--sweep', '1.width=16..48:16', '--out', out];
    const { code, done, grid } = await batch(flat, ...args);
    expect([code, done, grid]).toEqual([0, 9, join(out, 'grid.png')]);
    const { data: pixels, info } = await sharp(join(out, 'grid.png')).raw().toBuffer({ resolveWithObject: true });
    const count = (rgb: readonly number[]): number => {
      let found = 0;
      for (let i = 0; i < pixels.length; i += info.channels) if (rgb.every((value, c) => pixels[i + c] === value)) found++;
      return found;
    };
    for (const colour of [
      [0, 0, 255],
      [0, 255, 0],
      [255, 0, 0],
    ])
      expect(count(colour)).toBeGreaterThan(3 * 64);
    const csv = parseCsv(await readFile(join(out, 'results.csv'), 'utf8'));
    expect(csv[5]?.cells.slice(0, 3)).toEqual(['5', '65280', '32']);

    const folder = join(data, 'long');
    const long = ['--sweep', '4.steps=1..12', '--out', folder, ...small.slice(2)];
    const running = new Program('batch', template, ...common(), ...long);
    while ((await pictures(folder).catch(() => [])).length < 2) await new Promise(setImmediate);
    running.child.kill('SIGINT');
    const ended = await running.ended();
    expect([ended.code, ended.output]).toEqual([130, expect.stringMatching(/not run/)]);
    const state = z.object({ items: z.array(Item) }).parse(JSON.parse(await readFile(join(folder, 'batch.json'), 'utf8')));
    expect(state.items.length).toBeLessThan(12);
    const resumed = await batch(template, ...long, '--resume');
    expect([resumed.code, resumed.unchanged, resumed.done]).toEqual([0, state.items.length, 12 - state.items.length]);
  });
});

describe('manifest', () => {
  it('says what a picture depends on, so that verify finds the same bits, or what has changed', async () => {
    const out = join(data, 'verified');
    expect((await command('run', template, ...common(), ...small, '--out', out)).code).toBe(0);
    const file = join(out, 'picture_00001_.png');
    const manifest = readManifest(readPngText(await readFile(file)).get('manifest') ?? 'null');
    expect(manifest?.nodes['4']).toMatchObject({ type: 'BasicScheduler', version: 1, values: { steps: 1 } });
    expect(manifest?.nodes['9']?.ms).toBeGreaterThan(0);
    expect(manifest?.models['tiny-emoji']?.['unet/model.onnx']).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest?.runtime).toMatchObject({
      provider: 'CPUExecutionProvider',
      device: 'cpu',
      onnxruntime: expect.stringMatching(/^\d+\./),
    });

    const same = await command('verify', file, ...common());
    expect([same.code, same.output]).toEqual([0, expect.stringContaining('bit-equal')]);
    expect(same.output).toContain('Nothing it depends on has changed');

    const { data: pixels, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
    pixels[0] = (pixels[0] ?? 0) > 128 ? (pixels[0] ?? 0) - 100 : (pixels[0] ?? 0) + 100;
    const texts = readPngText(await readFile(file));
    const { writePngText } = await import('../../workflows/index.ts');
    const changed = writePngText(await sharp(pixels, { raw: info }).png().toBuffer(), [
      ['prompt', texts.get('prompt') ?? ''],
      ['manifest', (texts.get('manifest') ?? '').replace('"CPUExecutionProvider"', '"CUDAExecutionProvider"')],
    ]);
    const other = join(out, 'changed.png');
    await writeFile(other, changed);
    const different = await command('verify', other, ...common());
    expect([different.code, different.output]).toEqual([1, expect.stringContaining('the largest difference is 100')]);
    expect(different.output).toContain('provider: CUDAExecutionProvider → CPUExecutionProvider');
    expect((await command('verify', other, ...common(), '--tolerance', '100')).output).toContain('within tolerance');
  });

  it('is left out with --no-metadata or by the node, and taken out by strip, pixels untouched', async () => {
    const out = join(data, 'bare');
    await command('run', template, ...common(), ...small, '--out', out, '--no-metadata');
    await command('run', template, ...common(), ...small, '--out', out, '--set', '11.metadata=false');
    await command('run', template, ...common(), ...small, '--out', out);
    const [bare, off, full] = ['1', '2', '3'].map((number) => join(out, `picture_0000${number}_.png`));
    if (bare === undefined || off === undefined || full === undefined) throw new Error('Three pictures were expected.');
    for (const file of [bare, off]) expect(readPngText(await readFile(file)).size).toBe(0);
    expect(readPngText(await readFile(full)).size).toBe(3);
    const before = await sharp(full).raw().toBuffer();
    expect((await command('strip', full)).code).toBe(0);
    expect(readPngText(await readFile(full)).size).toBe(0);
    expect((await sharp(full).raw().toBuffer()).equals(before)).toBe(true);
    expect((await command('verify', full, ...common())).code).toBe(2);
  });

  it('diff says what differs between two pictures, and nothing for a moved graph', async () => {
    const moved = join(data, 'moved.json');
    await writeFile(moved, (await readFile(template, 'utf8')).replaceAll('"pos": [193', '"pos": [993'));
    expect(await command('diff', template, moved)).toMatchObject({ code: 0, output: 'They mean the same.\n' });
    const folder = join(data, 'seeds');
    const { code, output } = await command('diff', join(folder, '0.png'), join(folder, '1.png'));
    expect([code, output]).toEqual([1, '  Noise (6), noise_seed: 0 → 1\n']);
  });
});
