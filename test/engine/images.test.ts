import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resample } from '../../nodes/diffusion/resample.ts';
import { GraphError, type Image, type ImageStore, resizeMethods } from '../../nodes/kit/index.ts';
import { decodeImage, toBytes } from '../../server/engine/images/codec.ts';
import { fillName, nextNumber, splitPrefix } from '../../server/engine/images/file-names.ts';
import { imageStore } from '../../server/engine/images/store.ts';
import { dataFolders } from '../../server/files/paths.ts';
import { readPngText } from '../../workflows/index.ts';
import interpolated from './interpolate.json' with { type: 'json' };

let data = '';
let store: ImageStore;
const prompt = '{"1":{"class_type":"RandomNoise","inputs":{"noise_seed":18446744073709551615,"é":"日本"}}}';

const picture = (batch: number, height: number, width: number): Image => ({
  dims: [batch, height, width, 3],
  data: Float32Array.from({ length: batch * height * width * 3 }, (_, i) => (i % 7) / 6),
});
const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was thrown',
    (thrown: unknown) => (thrown instanceof GraphError ? thrown.code : String(thrown)),
  );

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'images-'));
  const { images } = dataFolders(data);
  await Promise.all(Object.values(images).map((folder) => mkdir(folder, { recursive: true })));
  const text = new Map([
    ['workflow', '{"nodes":[]}'],
    ['prompt', prompt],
  ]);
  store = imageStore({ folders: images, text: () => text, now: () => new Date(2026, 0, 2, 3, 4, 5) });
});
afterAll(() => rm(data, { recursive: true, force: true }));

describe('saving', () => {
  it('numbers files, and never writes over one, however many at once', async () => {
    const saved = await Promise.all(Array.from({ length: 8 }, () => store.save(picture(2, 4, 5), 'many')));
    const names = saved.flat().map(({ name }) => name);
    expect(new Set(names).size).toBe(16);
    expect(names.sort().at(-1)).toBe('many_00016_.png');
    const files = await readdir(join(data, 'output'));
    expect(files.filter((name) => name.startsWith('many')).length).toBe(16);
    expect(files.some((name) => name.endsWith('.part'))).toBe(false);
  });

  it('carries the workflow and the values exactly, beyond ASCII and beyond 2^53', async () => {
    const [file] = await store.save(picture(1, 4, 5), 'text');
    const texts = readPngText(await readFile(join(data, 'output', file?.name ?? '')));
    expect(texts.get('prompt')).toBe(prompt);
    expect(texts.get('workflow')).toBe('{"nodes":[]}');
    expect(file).toMatchObject({ folder: 'output', width: 5, height: 4 });
  });

  it('cuts values off as ComfyUI does', () => {
    const bytes = toBytes({ dims: [1, 1, 2, 3], data: Float32Array.of(0.5, 0.1, 1, -1, 2, 0.999) }, 0);
    expect([...bytes.rgb]).toEqual([127, 25, 255, 0, 255, 254]);
  });

  it('fills in names, makes folders, and stays inside the output folder', async () => {
    const facts = { width: 5, height: 4, now: new Date(2026, 0, 2, 3, 4, 5) };
    expect(fillName('a_%width%x%height%_%year%-%month%-%day%_%hour%%minute%%second%_%other%', facts)).toBe(
      'a_5x4_2026-01-02_030405_%other%',
    );
    const [file] = await store.save(picture(1, 4, 5), 'deep/er/%width%');
    expect(file?.name).toBe('deep/er/5_00001_.png');
    expect(nextNumber(['a_00009_.png', 'a_00010_.png', 'ab_00099_.png', 'a_x.png'], 'a')).toBe(11);
    expect(splitPrefix('x/')).toEqual({ folder: 'x', base: 'picture' });
    for (const bad of ['../x', '/etc/x', 'a/../../x', 'a\\b', 'C:x', 'a/./b', 'x\u0000']) {
      expect(await code(store.save(picture(1, 2, 2), bad)), bad).toBe('bad-path');
    }
    await mkdir(join(data, 'elsewhere'));
    await symlink(join(data, 'elsewhere'), join(data, 'output/way-out'));
    for (const bad of ['way-out/x', 'way-out/new/x', '.hidden/x', 'a/.b'])
      expect(await code(store.save(picture(1, 2, 2), bad)), bad).toBe('bad-path');
    expect(await readdir(join(data, 'elsewhere'))).toEqual([]);
  });

  it('says in a sentence why the system refuses a picture', async () => {
    await writeFile(join(data, 'output/file'), '');
    const refused = store.save(picture(1, 2, 2), 'file/x');
    expect(await code(refused)).toBe('bad-path');
    await expect(refused).rejects.toThrow(/^The picture cannot be written to .*: .*\. Make room there, or choose/);
  });
});

describe('showing', () => {
  it('writes the same picture once', async () => {
    const [first] = await store.show(picture(1, 6, 6));
    const [second] = await store.show(picture(1, 6, 6));
    const [other] = await store.show(picture(1, 9, 4));
    expect(second).toEqual(first);
    expect(other?.name).not.toBe(first?.name);
    expect(await readdir(join(data, 'cache/preview'))).toHaveLength(2);
  });
});

describe('loading', () => {
  it('gives colours as they are and the mask of what is transparent', async () => {
    const rgba = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 0);
    await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toFile(join(data, 'input/alpha.png'));
    const { image, mask } = await store.load('alpha.png');
    expect([image.dims, [...image.data]]).toEqual([
      [1, 1, 2, 3],
      [1, 0, 0, 0, 1, 0],
    ]);
    expect([mask.dims, [...mask.data]]).toEqual([
      [1, 1, 2],
      [0, 1],
    ]);
  });

  it('turns a photograph as its EXIF says, reads grey ones, and all frames of an animation', async () => {
    const tall = sharp({ create: { width: 8, height: 16, channels: 3, background: '#f00' } });
    await tall.clone().withMetadata({ orientation: 6 }).jpeg().toFile(join(data, 'input/turned.jpg'));
    expect((await store.load('turned.jpg')).image.dims).toEqual([1, 8, 16, 3]);
    await tall.clone().greyscale().png().toFile(join(data, 'input/grey.png'));
    expect((await store.load('grey.png')).image.dims).toEqual([1, 16, 8, 3]);
    const frame = (background: string) =>
      sharp({ create: { width: 4, height: 4, channels: 3, background } })
        .png()
        .toBuffer();
    await sharp(await Promise.all(['#f00', '#0f0', '#00f'].map(frame)), { join: { animated: true } })
      .webp({ lossless: true })
      .toFile(join(data, 'input/moving.webp'));
    const moving = await store.load('moving.webp');
    expect(moving.image.dims).toEqual([3, 4, 4, 3]);
    expect([...moving.image.data.slice(48, 51)]).toEqual([0, 1, 0]);
  });

  it('refuses what is no picture, is cut short, or lies elsewhere', async () => {
    await writeFile(join(data, 'input/text.png'), 'not a picture');
    expect(await code(store.load('text.png'))).toBe('bad-image');
    const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#123' } })
      .png()
      .toBuffer();
    await writeFile(join(data, 'input/cut.png'), whole.subarray(0, whole.length - 40));
    expect(await code(store.load('cut.png'))).toBe('bad-image');
    expect(await code(store.load('missing.png'))).toBe('missing-file');
    for (const bad of ['../secret.png', '/etc/passwd', '..\\x.png', '.hidden.png'])
      expect(await code(store.load(bad)), bad).toBe('bad-path');
    await symlink('/etc/hostname', join(data, 'input/link.png'));
    expect(await code(store.load('link.png'))).toBe('bad-path');
  });

  it('knows when a file changed', async () => {
    const path = join(data, 'input/changing.png');
    await sharp({ create: { width: 4, height: 4, channels: 3, background: '#fff' } })
      .png()
      .toFile(path);
    const before = await store.identity('changing.png');
    await utimes(path, new Date(1_000_000), new Date(1_000_000));
    expect(await store.identity('changing.png')).not.toBe(before);
  });

  it('reads every format it names', async () => {
    const source = sharp({ create: { width: 6, height: 3, channels: 3, background: '#0a0' } });
    for (const format of ['png', 'jpeg', 'webp', 'gif', 'tiff'] as const) {
      const path = join(data, `input/one.${format}`);
      await source.clone().toFormat(format).toFile(path);
      expect((await decodeImage(path, format)).image.dims, format).toEqual([1, 3, 6, 3]);
    }
  });
});

describe('scaling', () => {
  it('equals torch’s interpolate without antialiasing', () => {
    const [height, width] = interpolated.size;
    const image = { dims: interpolated.dims, data: Float32Array.from(interpolated.image) };
    for (const method of ['nearest-exact', 'bilinear', 'area', 'bicubic'] as const) {
      const result = resample(image, { width: width ?? 0, height: height ?? 0, method });
      expect(result.dims).toEqual([1, height, width, 3]);
      interpolated.results[method].forEach((value, i) => {
        expect(result.data[i], `${method} ${i}`).toBeCloseTo(value, 5);
      });
    }
  });

  it('offers every method, and keeps one colour one colour', async () => {
    const flat: Image = { dims: [2, 7, 9, 3], data: new Float32Array(2 * 7 * 9 * 3).fill(0.2) };
    for (const method of resizeMethods) {
      const result = await store.resize(flat, { width: 12, height: 4, method });
      expect(result.dims, method).toEqual([2, 4, 12, 3]);
      expect(Math.max(...result.data.map((value) => Math.abs(value - 0.2))), method).toBeLessThan(0.003);
    }
    expect(await code(store.resize(flat, { width: 0, height: 4, method: 'area' }))).toBe('size-mismatch');
  });
});
