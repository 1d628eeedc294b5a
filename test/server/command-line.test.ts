import { existsSync, watch } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readPngText } from '../../workflows/index.ts';
import { type Ended, Program, root } from './program.ts';
import { temporaryFolder } from './rig.ts';

const Printed = z.object({ dims: z.array(z.number()), data: z.array(z.number()) });
const Report = z.strictObject({
  status: z.enum(['done', 'failed', 'cancelled']),
  outputs: z.array(z.strictObject({ node: z.string(), files: z.array(z.string()) })),
  printed: z.record(z.string(), z.unknown()),
  nodes: z.array(z.strictObject({ id: z.string(), type: z.string(), ms: z.number(), cached: z.boolean() })),
  errors: z.array(z.strictObject({ code: z.string(), message: z.string(), node: z.string().optional(), port: z.string().optional() })),
});

const template = join(root, 'workflows', 'text-to-image.json');
const node = (class_type: string, inputs: Record<string, unknown> = {}) => ({ class_type, inputs });

let data: string;
beforeAll(async () => {
  data = await temporaryFolder();
});
afterAll(() => rm(data, { recursive: true, force: true }));

const run = (file: string, args: readonly string[] = [], input = ''): Promise<Ended> =>
  new Program('run', file, '--data', data, '--device', 'cpu', ...args).ended(input);

/** The one JSON object that a run with `--json` writes. */
async function report(file: string, args: readonly string[] = [], input = '') {
  const ended = await run(file, ['--json', ...args], input);
  expect(ended.output.trimEnd().split('\n'), ended.errors).toHaveLength(1);
  return { ...ended, report: Report.parse(JSON.parse(ended.output)) };
}

const pixels = async (file: string): Promise<Buffer> =>
  sharp(await readFile(file))
    .raw()
    .toBuffer();

/** Text to image in the compact form, with a loop and the same loop unrolled. */
const unrolled = (steps: number) => {
  const from = { guider: ['guider', 0], sigmas: ['sigmas', 0], noise: ['noise', 0] };
  const chain = Array.from({ length: steps }, (_, step) => [
    `step${step}`,
    node('UNetStep', {
      guider: ['guider', 0],
      sigmas: ['sigmas', 0],
      step,
      latent: step === 0 ? ['latent', 0] : [`step${step - 1}`, 0],
      ...(step === 0 ? { noise: ['noise', 0] } : {}),
    }),
  ]);
  return JSON.stringify({
    model: node('CheckpointLoaderSimple', { ckpt_name: 'tiny-emoji' }),
    positive: node('CLIPTextEncode', { text: 'red apple', clip: ['model', 1] }),
    negative: node('CLIPTextEncode', { text: '', clip: ['model', 1] }),
    guider: node('CFGGuider', { model: ['model', 0], positive: ['positive', 0], negative: ['negative', 0], cfg: 4 }),
    sigmas: node('BasicScheduler', { model: ['model', 0], scheduler: 'karras', steps, denoise: 1 }),
    noise: node('RandomNoise', { noise_seed: 5 }),
    sampler: node('KSamplerSelect', { sampler_name: 'euler' }),
    latent: node('EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }),
    loop: node('SamplerCustomAdvanced', { ...from, sampler: ['sampler', 0], latent_image: ['latent', 0] }),
    ...Object.fromEntries(chain),
  });
};

describe('run', () => {
  it('writes a picture that carries its workflow and its 64-bit seed, the same pixels for the same seed, also from that picture', async () => {
    const out = join(data, 'own');
    const values = ['--set', 'Prompt.text=red apple', '--set', 'Noise.noise_seed=18446744073709551615', '--set', '4.steps=3'];
    const first = await run(template, ['--out', out, ...values]);
    expect([first.code, first.errors]).toEqual([0, '']);
    expect(first.output).toBe(`${join(out, 'picture_00001_.png')}\n`);
    const texts = readPngText(await readFile(join(out, 'picture_00001_.png')));
    expect(texts.get('workflow')).toContain('"noise_seed": "18446744073709551615"');
    expect(texts.get('prompt')).toContain('"noise_seed":18446744073709551615');
    expect(texts.get('prompt')).toContain('red apple');

    const again = await run(join(out, 'picture_00001_.png'), ['--out', out, '--quiet']);
    expect([again.code, again.output, again.errors]).toEqual([0, '', '']);
    const other = await run(template, ['--out', out, ...values, '--set', 'Noise.noise_seed=18446744073709551614']);
    expect(other.code).toBe(0);
    const [a, b, c] = await Promise.all([1, 2, 3].map((i) => pixels(join(out, `picture_0000${i}_.png`))));
    expect(b?.equals(a ?? Buffer.alloc(0))).toBe(true);
    expect(c?.equals(a ?? Buffer.alloc(0))).toBe(false);
    await expect(readdir(join(data, 'output'))).rejects.toThrow();
  });

  it('makes the same of a chain of U-Net steps as of the sampler loop', async () => {
    const { code, report: told } = await report(
      '-',
      ['--print', 'loop.output', '--print', 'step3.latent', '--print', 'step0.noise'],
      unrolled(4),
    );
    expect([code, told.errors]).toEqual([0, []]);
    expect(Object.keys(told.printed)).toEqual(['loop.0', 'step3.0', 'step0.2']);
    const [loop, chain] = [Printed.parse(told.printed['loop.0']), Printed.parse(told.printed['step3.0'])];
    expect(chain.dims).toEqual([1, 4, 8, 8]);
    expect(Math.max(...chain.data.map((value, i) => Math.abs(value - (loop.data[i] ?? Number.NaN))))).toBeLessThan(1e-6);
    expect(told.outputs).toEqual([]);
  });

  it('prints any output: tensors flat, latents by their samples, what only works inside by its type', async () => {
    const wanted = ['sigmas.SIGMAS', 'latent.0', 'model.0', 'model.CLIP', 'positive.CONDITIONING', 'guider.GUIDER', 'noise.0', 'sampler.0'];
    const { report: told } = await report(
      '-',
      wanted.flatMap((name) => ['--print', name]),
      unrolled(2),
    );
    expect(Printed.parse(told.printed['sigmas.0']).data.map((value) => Number(value.toFixed(3)))).toEqual([14.615, 0.029, 0]);
    expect(Printed.parse(told.printed['latent.0'])).toEqual({ dims: [1, 4, 8, 8], data: Array.from({ length: 256 }, () => 0) });
    expect(Printed.parse(told.printed['positive.0']).dims).toEqual([1, 24, 192]);
    expect(told.printed['model.0']).toEqual({ type: 'MODEL', name: 'tiny-emoji' });
    expect(told.printed['model.1']).toEqual({ type: 'CLIP' });
    expect(told.printed['guider.0']).toEqual({ type: 'GUIDER' });
    // Nothing that is not asked for is run.
    expect(told.nodes.map(({ id }) => id)).not.toContain('loop');
  });

  it('prints lines without --json, before the files', async () => {
    const graph = {
      1: node('EmptyImage', { width: 2, height: 1, batch_size: 1, color: 0xff }),
      2: node('SaveImage', { images: ['1', 0], filename_prefix: 'lines/x' }),
    };
    const { output, code } = await run('-', ['--print', '1.IMAGE'], JSON.stringify(graph));
    expect(code).toBe(0);
    expect(output).toBe(`1.0 {"dims":[1,1,2,3],"data":[0,0,1,0,0,1]}\n${join(data, 'output/lines/x_00001_.png')}\n`);
  });

  it('fails with what came out all the same, when one branch fails', async () => {
    const graph = {
      1: node('EmptyImage', { width: 8, height: 8, batch_size: 1, color: 1 }),
      2: node('PreviewImage', { images: ['1', 0] }),
      3: node('Canny', { image: ['1', 0], low_threshold: 0.9, high_threshold: 0.1 }),
      4: node('PreviewImage', { images: ['3', 0] }),
    };
    const { code, report: told, errors } = await report('-', [], JSON.stringify(graph));
    expect([code, told.status]).toEqual([1, 'failed']);
    expect(told.outputs.map(({ node: id }) => id)).toEqual(['2']);
    expect(told.errors).toEqual([
      { code: 'bad-value', message: expect.stringContaining('an edge must begin'), node: '3', port: 'low_threshold' },
    ]);
    expect(errors).toContain('Canny edges (3): “low” is 0.9');
  });

  it('puts the example picture of the templates into place', async () => {
    const { code, errors } = await run(join(root, 'workflows/image-to-image.json'), ['--set', 'KSampler.steps=2', '--quiet']);
    expect([code, errors]).toEqual([0, '']);
    expect(await readdir(join(data, 'input'))).toEqual(['example.png']);
  });

  it('says what a reader mended, but not when it should be quiet', async () => {
    const graph = JSON.stringify({
      1: node('EmptyImage', { width: 8, height: 8, colour: 3 }),
      2: node('PreviewImage', { images: ['1', 0] }),
    });
    expect((await run('-', [], graph)).errors).toMatch(/^Note: .*“colour”.*Did you mean “color”\?\n$/);
    expect((await run('-', ['--quiet'], graph)).errors).toBe('');
  });

  it('ends at Ctrl-C with 130 and what there is', async () => {
    const out = join(data, 'interrupted');
    await mkdir(out);
    const graph = {
      ...JSON.parse(unrolled(5000)),
      picture: node('EmptyImage', { width: 8, height: 8 }),
      saved: node('SaveImage', { images: ['picture', 0], filename_prefix: 'first' }),
      decoded: node('VAEDecode', { samples: ['loop', 0], vae: ['model', 2] }),
      shown: node('PreviewImage', { images: ['decoded', 0] }),
    };
    const program = new Program('run', '-', '--data', data, '--out', out, '--json', '--device', 'cpu');
    const ended = program.ended(JSON.stringify(graph));
    await appears(out, 'first_00001_.png');
    program.child.kill('SIGINT');
    const { code, output } = await ended;
    expect(code).toBe(130);
    expect(Report.parse(JSON.parse(output))).toMatchObject({
      status: 'cancelled',
      outputs: [{ node: 'saved', files: [join(out, 'first_00001_.png')] }],
      errors: [],
    });
  });
});

/** Waits for a file of a folder. */
function appears(folder: string, name: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!existsSync(join(folder, name))) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, look);
    look();
  });
}

describe('bad input ends with 2, one sentence on standard error and nothing on standard output', () => {
  it.each<[string, string[], RegExp, string?]>([
    ['no such file', ['nowhere.json'], /^The workflow nowhere\.json cannot be read: there is no such file\..*\n$/],
    ['a folder', ['workflows'], /it is a folder/],
    ['no JSON', ['-'], /^This is not valid JSON: line 1, column 2.*\n$/, '{nonsense'],
    ['no workflow', ['-'], /^This is not a workflow\..*got a list/, '[]'],
    ['a picture without one', ['workflows/example.png'], /carries no workflow/],
    ['nothing to run', ['-'], /^There is nothing to run/, '{"1":{"class_type":"EmptyImage","inputs":{}}}'],
    ['an unknown node', [template, '--set', 'Text encoder.text=x'], /^There is no node “Text encoder”.* 2 “Prompt”, .*\n$/],
    ['an unknown field', [template, '--set', 'Prompt.txt=x'], /Did you mean “text”\?\n$/],
    ['no assignment', [template, '--set', 'Prompt'], /^Expected node\.field=value/],
    ['a value out of range', [template, '--set', 'Noise.noise_seed=18446744073709551616'], /from 0 to 18446744073709551615/],
    ['a value that is none', [template, '--set', '4.steps=many'], /Expected a whole number, got “many”/],
    ['a wrong choice', [template, '--set', 'Sampler.sampler_name=eular'], /“eular” is not in the list: choose “euler”/],
    ['a missing model', [template, '--set', 'Load model.ckpt_name=other'], /“other” is not in the models folder\. There are “tiny-emoji”/],
    ['a path that leads out', [template, '--set', 'Save image.filename_prefix=../../x'], /is not allowed/],
    ['a hidden name', [template, '--set', 'Save image.filename_prefix=.x/y'], /begins with a dot/],
    ['an unknown output', [template, '--print', '4.SIGMA'], /Did you mean “SIGMAS”\?\n$/],
    [
      'an output of a node that does not run',
      ['-', '--print', '1.0'],
      /^Empty image \(1\): --print 1: this node does not run\. It is muted\.\n$/,
      muted(),
    ],
    ['--out on a file', [template, '--out', 'package.json'], /^The folder .*package\.json cannot be used: .* --out\.\n$/],
    ['--data on a file', [template, '--data', 'package.json'], /^The folder .*package\.json cannot be used: .* --data\.\n$/],
    [
      'CUDA where there is none',
      [template, '--device', 'cuda:9'],
      /^The device cuda:9 cannot be used\. .*install-cuda.*--device cpu runs without a GPU\.\n$/,
    ],
    [
      'an unknown device',
      [template, '--device', 'tpu'],
      /^There is no device “tpu”: expected auto, cpu, cuda or cuda:N, webgpu, directml or coreml\.\n$/,
    ],
    ['no file', [], /^missing required argument 'file'/],
    ['an unknown option', [template, '--frob'], /^unknown option '--frob'/],
  ])('%s', async (_, [file, ...args], sentence, input = '') => {
    const own = args.includes('--data') || args.includes('--device') ? [] : ['--device', 'cpu'];
    const program = new Program('run', ...(file === undefined ? [] : [file]), '--data', data, ...own, ...args);
    const { code, output, errors } = await program.ended(input);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(sentence);
  });

  it('and with --json also as one JSON object', async () => {
    const { code, report: told, errors } = await report(template, ['--set', 'Load model.ckpt_name=other']);
    expect(code).toBe(2);
    expect(told).toEqual({
      status: 'failed',
      outputs: [],
      printed: {},
      nodes: [],
      errors: [expect.objectContaining({ code: 'missing-model', node: '1', port: 'ckpt_name' })],
    });
    expect(errors).toBe(`${told.errors[0]?.message}\n`);
  });

  it('and names every problem of a graph at once', async () => {
    const graph = {
      1: node('ImageInvert', { image: ['2', 0] }),
      2: node('ImageInvert', { image: ['1', 0] }),
      3: node('PreviewImage', { images: ['2', 0] }),
      4: node('Foo'),
      5: node('PreviewImage', {}),
      6: node('EmptyImage', { width: 'x' }),
      7: node('PreviewImage', { images: ['99', 0] }),
      8: node('PreviewImage', { images: ['6', 3] }),
      9: node('VAEDecode', { samples: ['6', 0] }),
    };
    const { code, report: told } = await report('-', [], JSON.stringify(graph));
    expect(code).toBe(2);
    expect(told.errors.map((problem) => problem.code).sort()).toEqual(
      ['bad-link', 'bad-link', 'bad-value', 'cycle', 'missing-input', 'unknown-node-type', 'wrong-type'].sort(),
    );
  });

  it('a network that is cut short is named when the model is loaded, before anything is computed', async () => {
    const models = join(data, 'models');
    await cp(join(root, 'models/tiny-emoji'), join(models, 'cut'), { recursive: true });
    const file = join(models, 'cut/unet/model.onnx');
    await writeFile(file, (await readFile(file)).subarray(0, 100_000));
    const { code, report: told } = await report(template, ['--models', models, '--set', 'Load model.ckpt_name=cut']);
    expect([code, told.status]).toEqual([1, 'failed']);
    expect(told.errors).toEqual([
      expect.objectContaining({ code: 'bad-model', node: '1', message: expect.stringContaining('damaged or cut short') }),
    ]);
  });
});

function muted(): string {
  const nodes = [
    { id: 1, type: 'EmptyImage', mode: 2, outputs: [{ name: 'IMAGE', type: 'IMAGE', links: null }] },
    { id: 2, type: 'EmptyImage', outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [1] }] },
    { id: 3, type: 'PreviewImage', inputs: [{ name: 'images', type: 'IMAGE', link: 1 }] },
  ];
  return JSON.stringify({ nodes, links: [[1, 2, 0, 3, 0, 'IMAGE']] });
}

describe('nodes and models', () => {
  it('are listed for people and for programs', async () => {
    const nodes = await new Program('nodes').ended();
    expect([nodes.code, nodes.errors]).toEqual([0, '']);
    expect(nodes.output).toMatch(/^KSampler +Sampler \(all in one\) +sample +model:MODEL seed:INT .*→ LATENT:LATENT$/m);
    const { output } = await new Program('nodes', '--json').ended();
    const list = z.object({ nodes: z.array(z.looseObject({ type: z.string() })) }).parse(JSON.parse(output));
    expect(list.nodes.map(({ type }) => type)).toContain('UNetStep');
    expect(output).toContain('"options":["tiny-emoji"]');
    expect((await new Program('nodes', '--device', 'tpu').ended()).code).toBe(2);
    const models = await new Program('models', '--json').ended();
    expect(JSON.parse(models.output)).toMatchObject({ models: [{ name: 'tiny-emoji', embedded: true }] });
  });

  it('tell of a models folder that is not there', async () => {
    const { code, output, errors } = await new Program('models', '--models', 'nowhere').ended();
    expect([code, errors]).toEqual([0, `Note: there is no folder ${join(root, 'nowhere')}; only the embedded model can be used.\n`]);
    expect(output).toContain('tiny-emoji');
  });
});

describe('the command itself', () => {
  it('has help, a version, and a hint for what it does not know', async () => {
    const help = await new Program('--help').ended();
    expect([help.code, help.errors]).toEqual([0, '']);
    for (const name of ['serve', 'run', 'nodes', 'models']) expect(help.output).toContain(`  ${name}`);
    const version = await new Program('--version').ended();
    expect(version.output.trim()).toBe(
      z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))).version,
    );
    const unknown = await new Program('frob').ended();
    expect([unknown.code, unknown.output]).toEqual([2, '']);
    expect(unknown.errors).toContain("unknown command 'frob'");
  });

  it.each([
    [['--port', '99999'], /^--port expects a number from 0 to 65535/],
    [['--host', '0.0.0.0', '--port', '0'], /^Serving on 0\.0\.0\.0 opens the server/],
    [['--allow-origin', 'foo', '--port', '0'], /^--allow-origin foo is no origin/],
    [['--device', 'cuda', '--port', '0'], /^The device cuda cannot be used\. .*install-cuda.*--device cpu runs without a GPU\.\n$/],
  ])('refuses to serve with %j', async (args, sentence) => {
    const { code, output, errors } = await new Program('serve', '--data', join(data, 'refused'), ...args).ended();
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(sentence);
  });
});
