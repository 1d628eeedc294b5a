import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coreLibrary, pinnedSet, providerLibrary } from '../../server/cuda/packages.ts';
import { Program, root } from './program.ts';
import { temporaryFolder } from './rig.ts';

const template = join(root, 'workflows/text-to-image.json');
let data: string;
let home: string | undefined;
beforeAll(async () => {
  data = await temporaryFolder();
  process.env.LITEGRAPH_DIFFUSION_CUDA = join(data, 'cuda');
  home = process.env.HOME;
  process.env.HOME = join(data, 'home');
  await mkdir(join(data, 'home'));
});
afterAll(async () => {
  delete process.env.LITEGRAPH_DIFFUSION_CUDA;
  process.env.HOME = home;
  await rm(data, { recursive: true, force: true });
});

const run = (name: string, ...args: string[]) =>
  new Program('run', template, '--data', data, '--out', join(data, name), '--set', '4.steps=4', ...args).ended();
const pixels = (name: string): Promise<Buffer> =>
  sharp(join(data, name, 'picture_00001_.png'))
    .raw()
    .toBuffer();

describe('--device', () => {
  it('cuda without CUDA is refused in a sentence that names the commands', async () => {
    const { code, output, errors } = await run('refused', '--device', 'cuda');
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(/The device cuda cannot be used\. .*install-cuda.*doctor --device cuda.*--device cpu/s);
  });

  it('auto runs on the CPU and says why, when CUDA is installed and does not work', async () => {
    const lib = join(data, 'cuda', pinnedSet.onnxruntime, 'lib');
    await mkdir(lib, { recursive: true });
    const runtime = join(root, 'node_modules/onnxruntime-node/bin/napi-v6', process.platform, process.arch);
    await cp(join(runtime, coreLibrary), join(lib, coreLibrary));
    await writeFile(join(lib, providerLibrary), 'no library');
    const libraries = { [coreLibrary]: (await stat(join(lib, coreLibrary))).size, [providerLibrary]: 10 };
    await writeFile(join(lib, '../installed.json'), JSON.stringify({ onnxruntime: pinnedSet.onnxruntime, libraries, system: [] }));
    const { code, output, errors } = await run('auto', '--device', 'auto');
    expect([code, output]).toEqual([0, `${join(data, 'auto/picture_00001_.png')}\n`]);
    expect(errors).toMatch(/^Note: CUDA is installed but does not work, so the CPU is used\. /);
    const stopped = new Program('run', template, '--data', data, '--device', 'auto', '--set', '4.steps=200');
    await stopped.says(/Note: CUDA/);
    stopped.child.kill('SIGINT');
    expect((await stopped.ended()).code).toBe(130);
  });
});

describe('--precision', () => {
  it('fp16 gives nearly the same picture as fp32', async () => {
    for (const precision of ['fp16', 'fp32']) expect((await run(precision, '--device', 'cpu', '--precision', precision)).errors).toBe('');
    const [half, full] = await Promise.all([pixels('fp16'), pixels('fp32')]);
    const differences = [...half].map((value, i) => Math.abs(value - (full[i] ?? 0)));
    expect(Math.max(...differences)).toBeGreaterThan(0);
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(1);
  });
});

describe('ONNX Runtime', () => {
  it('writes down nothing about what was run', async () => {
    expect((await run('quiet', '--device', 'cpu')).code).toBe(0);
    expect(await readdir(join(data, 'home'), { recursive: true })).toEqual([]);
  });
});

describe('options of a device', () => {
  it.each([
    [['--memory', 'much'], '--memory expects gigabytes'],
    [['--merged', '-1'], '--merged expects gigabytes'],
    [['--precision', 'fp8'], 'Allowed choices are auto, fp16, fp32'],
  ])('%s is refused', async (args, message) => {
    const { code, errors } = await run('bad', ...args);
    expect(code).toBe(2);
    expect(errors).toContain(message);
  });

  it('--warm-up wants a model and a size, and runs it before the first job', async () => {
    const bad = await new Program('serve', '--warm-up', 'tiny-emoji', '--data', data).ended();
    expect([bad.code, bad.errors]).toEqual([2, expect.stringContaining('tiny-emoji@128x128')]);
    const server = new Program(
      'serve',
      '--port',
      '0',
      '--device',
      'cpu',
      '--data',
      join(data, 'served'),
      '--warm-up',
      'tiny-emoji@64x64',
      '--warm-up',
      'nothing@64x64',
    );
    const [, url = ''] = await server.says(/is at (\S+) /);
    const health = (await (await fetch(`${url}/v1/health`)).json()) as { devices: { state: string; message: string }[] };
    expect(health.devices).toEqual([
      expect.objectContaining({ state: 'ready', message: expect.stringMatching(/^Warming up nothing at 64×64 failed: There is no model/) }),
    ]);
    server.child.kill('SIGTERM');
    await server.exit;
  });
});
