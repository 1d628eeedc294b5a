import { cp, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packWindows, readWeights } from '../../nodes/diffusion/prompt-weights.ts';
import { type Checkpoint, GraphError, sizeOf, type Tensor } from '../../nodes/kit/index.ts';
import { decodeImage } from '../../server/engine/images/codec.ts';
import { fromHalves, toHalves } from '../../server/engine/models/half.ts';
import { listModels, locateModels } from '../../server/engine/models/list.ts';
import { openRuntime } from '../../server/engine/models/onnx.ts';
import { EngineModels } from '../../server/engine/models/store.ts';
import { openTokenizer } from '../../server/engine/models/tokenizer.ts';

const embedded = join(import.meta.dirname, '../../models/tiny-emoji');
let folder = '';
let models: EngineModels;
let tiny: Checkpoint;

const ramp = (dims: readonly number[], seed = 1): Tensor => ({
  dims,
  data: Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(seed + i * 1.7)),
});
const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] ?? 0) - (b[i] ?? Number.NaN)));
  return largest;
};
const problem = async (work: Promise<unknown>): Promise<GraphError> => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof GraphError)) throw new Error(`Expected a GraphError, got ${String(thrown)}`);
  return thrown;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
  models = new EngineModels(folder, await openRuntime('cpu'));
  tiny = await models.checkpoint('tiny-emoji');
});
afterAll(async () => {
  await models.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the embedded model', () => {
  it('is listed whatever the models folder is, and once when it is that folder', async () => {
    expect(await listModels(folder)).toMatchObject([{ name: 'tiny-emoji', embedded: true, family: 'Stable Diffusion' }]);
    expect(await locateModels(join(embedded, '..'))).toHaveLength(1);
    expect(await locateModels('/no/such/folder')).toHaveLength(1);
  });

  it('says what its config files say', () => {
    expect(tiny.model.latent).toEqual({ channels: 4, scale: 1, downscale: 8 });
    expect(tiny.model.sampling.prediction).toBe('epsilon');
    expect(tiny.model.sampling.sigmaMax).toBeCloseTo(14.6146, 3);
  });

  it('names the tokens of a prompt with their places', async () => {
    const tokens = await tiny.clip.tokens('a (Red:1.2) apple');
    expect(tokens.map(({ text }) => text).join('')).toBe('aredapple');
    expect(tokens.map(({ position }) => position)).toEqual(tokens.map((_, i) => i + 1));
    expect(await tiny.clip.tokens('')).toEqual([]);
  });

  it('gives its cross-attention, shares that sum to 1 over the tokens, from a second file that is opened only then', async () => {
    const [conditioning] = await tiny.clip.encode('red apple');
    if (conditioning === undefined || tiny.model.attention === undefined) throw new Error('No attention.');
    const maps = await tiny.model.attention({ sample: ramp([1, 4, 16, 16]), timestep: 300, tokens: conditioning.tokens });
    expect(maps.length).toBeGreaterThan(1);
    for (const { weights, downsample } of maps) {
      const [batch, heads = 0, cells = 0, tokens = 0] = weights.dims;
      expect([batch, cells, tokens]).toEqual([1, (16 / downsample) ** 2, 24]);
      expect(heads).toBeGreaterThan(0);
      expect(weights.data.slice(0, tokens).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 3);
    }
  });

  it('without that file has no attention, and runs all the same', async () => {
    await cp(embedded, join(folder, 'plain'), { recursive: true });
    await rm(join(folder, 'plain/unet/attention.onnx'));
    const { model } = await models.checkpoint('plain');
    expect(model.attention).toBeUndefined();
    await rm(join(folder, 'plain'), { recursive: true });
  });

  it('tokenises as it was trained: lower case, white space folded, framed to 24 tokens', async () => {
    const { ids, window } = await openTokenizer(join(embedded, 'tokenizer'));
    expect(window).toEqual({ length: 24, begin: 1712, end: 1713, pad: 1713 });
    expect(ids('Red   APPLE')).toEqual(ids('red apple'));
    // Made by a plain byte-pair encoder in Python from the same two files.
    expect(ids('red apple')).toEqual([656, 604, 739]);
    expect(ids('')).toEqual([]);
  });

  it('encodes a prompt into 24 tokens, a long one into several windows', async () => {
    const [short] = await tiny.clip.encode('red apple');
    expect(short?.tokens.dims).toEqual([1, 24, 192]);
    const [long] = await tiny.clip.encode('red apple '.repeat(20));
    expect(long?.tokens.dims).toEqual([1, 72, 192]);
  });

  it('weighs words: 1 changes nothing, 0 gives what an empty prompt has there', async () => {
    const features = async (prompt: string): Promise<Float32Array> =>
      (await tiny.clip.encode(prompt))[0]?.tokens.data ?? new Float32Array();
    const plain = await features('red apple');
    expect(distance(await features('(red apple:1)'), plain)).toBeLessThan(1e-6);
    const none = await features('(red apple:0)');
    const empty = await features('');
    expect(distance(none.subarray(192, 4 * 192), empty.subarray(192, 4 * 192))).toBeLessThan(1e-5);
    const more = await features('(red apple:2)');
    const expected = plain.map((value, i) => (i >= 192 && i < 4 * 192 ? 2 * value - (empty[i] ?? 0) : value));
    expect(distance(more, expected)).toBeLessThan(1e-4);
  });

  it('predicts a batch as it predicts one by one, at sizes it was not trained for too', async () => {
    const tokens = (await tiny.clip.encode('rocket'))[0]?.tokens ?? ramp([1, 24, 192]);
    for (const [h, w] of [
      [16, 16],
      [9, 7],
    ] as const) {
      const sample = ramp([3, 4, h, w]);
      const all = await tiny.model.predict({
        sample,
        timestep: 500,
        tokens: { dims: [3, 24, 192], data: Float32Array.from([...tokens.data, ...tokens.data, ...tokens.data]) },
      });
      expect(all.dims).toEqual([3, 4, h, w]);
      const size = 4 * h * w;
      const second = await tiny.model.predict({
        sample: { dims: [1, 4, h, w], data: sample.data.slice(size, 2 * size) },
        timestep: 500,
        tokens,
      });
      expect(distance(all.data.subarray(size, 2 * size), second.data)).toBeLessThan(1e-4);
    }
  });

  it('refuses features of another text encoder in a sentence', async () => {
    const error = await problem(tiny.model.predict({ sample: ramp([1, 4, 16, 16]), timestep: 1, tokens: ramp([1, 77, 768]) }));
    expect(error.code).toBe('size-mismatch');
    expect(error.message).toMatch(/768/);
  });

  it('brings a picture through its VAE and back, cutting sides to multiples of 8', async () => {
    const { image } = await decodeImage(join(import.meta.dirname, '../../workflows/example.png'), 'example.png');
    const latent = await tiny.vae.encode(image);
    const back = await tiny.vae.decode(latent);
    expect(back.dims).toEqual(image.dims);
    const error = image.data.reduce((sum, value, i) => sum + (value - (back.data[i] ?? 0)) ** 2, 0) / image.data.length;
    expect(-10 * Math.log10(error)).toBeGreaterThan(20);
    expect((await tiny.vae.encode(ramp([1, 43, 30, 3]))).dims).toEqual([1, 4, 5, 3]);
    const small = await problem(tiny.vae.encode(ramp([1, 5, 30, 3])));
    expect(small.code).toBe('size-mismatch');
  });

  it('previews a latent as a picture like the decoded one', async () => {
    const { image } = await decodeImage(join(import.meta.dirname, '../../workflows/example.png'), 'example.png');
    const picture = tiny.model.preview(await tiny.vae.encode(image));
    const [, height = 0, width = 0] = image.dims;
    const shrink = width / picture.width;
    let error = 0;
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        const at = 3 * (Math.floor((y + 0.5) * shrink) * width + Math.floor((x + 0.5) * shrink));
        for (let c = 0; c < 3; c++) error += ((picture.rgb[3 * (y * picture.width + x) + c] ?? 0) / 255 - (image.data[at + c] ?? 0)) ** 2;
      }
    }
    expect(height).toBe(width);
    expect(-10 * Math.log10(error / picture.rgb.length)).toBeGreaterThan(14);
  });
});

describe('a models folder that is not in order', () => {
  const damaged = async (name: string, damage: (path: string) => Promise<unknown>): Promise<GraphError> => {
    const path = join(folder, name);
    await cp(embedded, path, { recursive: true });
    await damage(path);
    return problem(models.checkpoint(name).then(({ clip }) => clip.encode('x')));
  };

  it('names the nearest models when one is missing', async () => {
    const error = await problem(models.checkpoint('tiny-emojy'));
    expect(error.code).toBe('missing-model');
    expect(error.message).toContain('“tiny-emoji”');
  });

  it('says which part is missing, empty, cut short or no network', async () => {
    const missing = await damaged('missing', (path) => rm(join(path, 'unet/model.onnx')));
    expect([missing.code, missing.message]).toEqual(['bad-model', expect.stringContaining('unet/model.onnx')]);
    const empty = await damaged('empty', (path) => truncate(join(path, 'text_encoder/model.onnx'), 0));
    expect([empty.code, empty.message]).toEqual(['bad-model', expect.stringContaining('is empty')]);
    const cut = await damaged('cut', (path) => truncate(join(path, 'text_encoder/model.onnx'), 100_000));
    expect([cut.code, cut.message]).toEqual(['bad-model', expect.stringMatching(/text_encoder.*(damaged|cannot be opened)/)]);
    const junk = await damaged('junk', (path) => writeFile(join(path, 'text_encoder/model.onnx'), 'this is no network at all'));
    expect(junk.code).toBe('bad-model');
  });

  it('says which config file is wrong', async () => {
    const json = await damaged('json', (path) => writeFile(join(path, 'scheduler/scheduler_config.json'), '{"beta_start": '));
    expect([json.code, json.message]).toEqual(['bad-model', expect.stringContaining('scheduler_config.json')]);
    const value = await damaged('value', (path) => writeFile(join(path, 'scheduler/scheduler_config.json'), '{"num_train_timesteps": -3}'));
    expect([value.code, value.message]).toEqual(['bad-model', expect.stringContaining('num_train_timesteps')]);
    const vocabulary = await damaged('vocabulary', (path) => writeFile(join(path, 'tokenizer/vocab.json'), '{"a": 0}'));
    expect([vocabulary.code, vocabulary.message]).toEqual(['bad-model', expect.stringContaining('tokenizer')]);
    const preview = await damaged('preview', (path) =>
      writeFile(join(path, 'preview.json'), '{"kernel":3,"upscale":4,"weights":[1],"bias":[1]}'),
    );
    expect(preview.code).toBe('bad-model');
  });

  it('works with defaults where a config is absent, and opens a model anew when its files changed', async () => {
    const path = join(folder, 'bare');
    await cp(embedded, path, { recursive: true });
    await rm(join(path, 'scheduler'), { recursive: true });
    await rm(join(path, 'preview.json'));
    const before = await models.identity('bare');
    const { model } = await models.checkpoint('bare');
    expect(model.sampling.sigmaMin).toBeCloseTo(0.02917, 4);
    expect(model.preview(ramp([1, 4, 6, 5]))).toMatchObject({ width: 5, height: 6 });
    await writeFile(join(path, 'vae_decoder/config.json'), '{"scaling_factor": 0.5}');
    expect(await models.identity('bare')).not.toBe(before);
    expect((await models.checkpoint('bare')).model.latent.scale).toBe(0.5);
  });

  it('goes on after all that', async () => {
    await symlink('/etc', join(folder, 'link'));
    expect((await tiny.clip.encode('rocket'))[0]?.tokens.dims).toEqual([1, 24, 192]);
    expect(await problem(models.checkpoint('link'))).toMatchObject({ code: 'missing-model' });
  });
});

describe('a device', () => {
  it('is refused when it is asked for and not there', async () => {
    const cuda = await problem(openRuntime('cuda:0'));
    expect([cuda.code, cuda.message]).toEqual(['device-unavailable', expect.stringContaining('--device cpu')]);
    expect((await problem(openRuntime('quantum'))).message).toContain('auto, cpu, cuda or cuda:N');
  });
});

describe('prompt notation', () => {
  it('reads weights, nesting, escapes and what is unbalanced', () => {
    expect(readWeights('a (b) c')).toEqual([
      { text: 'a ', weight: 1 },
      { text: 'b', weight: 1.1 },
      { text: ' c', weight: 1 },
    ]);
    expect(readWeights('((b))')[0]?.weight).toBeCloseTo(1.21);
    expect(readWeights('(a (b:0.5) c:1.3)').map(({ weight }) => weight)).toEqual([1.3, 0.5, 1.3]);
    expect(readWeights('a \\(b\\)')).toEqual([{ text: 'a (b)', weight: 1 }]);
    expect(readWeights('(a:b)')).toEqual([{ text: 'a:b', weight: 1.1 }]);
    expect(readWeights('').length).toBe(0);
    expect(readWeights('(a').map(({ weight }) => weight)).toEqual([1]);
  });

  it('keeps short groups together and splits long ones', () => {
    const window = { length: 12, begin: 100, end: 101, pad: 0 };
    const group = (count: number, id: number) => Array.from({ length: count }, () => ({ id, weight: 1 }));
    const packed = (groups: ReturnType<typeof group>[]) => packWindows(groups, window).map((tokens) => tokens.map(({ id }) => id));
    expect(packed([])).toEqual([[100, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]);
    expect(packed([group(6, 1), group(6, 2)])).toEqual([
      [100, 1, 1, 1, 1, 1, 1, 101, 0, 0, 0, 0],
      [100, 2, 2, 2, 2, 2, 2, 101, 0, 0, 0, 0],
    ]);
    expect(packed([group(6, 1), group(9, 2)])).toEqual([
      [100, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 101],
      [100, 2, 2, 2, 2, 2, 101, 0, 0, 0, 0, 0],
    ]);
  });
});

describe('half precision', () => {
  it('rounds to the nearest, ties to even, at both ends of the range', () => {
    const cases: [number, number][] = [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65520, 0x7c00],
      [Number.POSITIVE_INFINITY, 0x7c00],
      [Number.NEGATIVE_INFINITY, 0xfc00],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [2 ** -26, 0x0000],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [0.1, 0x2e66],
    ];
    expect([...toHalves(Float32Array.from(cases, ([value]) => value))]).toEqual(cases.map(([, bits]) => bits));
    expect(fromHalves(toHalves(Float32Array.of(Number.NaN)))[0]).toBeNaN();
  });

  it('gives every finite half back as it was', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00);
    expect([...toHalves(fromHalves(all))]).toEqual([...all]);
  });
});
