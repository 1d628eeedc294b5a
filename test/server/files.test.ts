import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Gallery } from '../../server/files/gallery.ts';
import { isComplete, readImageHeader } from '../../server/files/image-header.ts';
import { lockFolder } from '../../server/files/lock.ts';
import { checkRelative, dataFolders } from '../../server/files/paths.ts';
import { prepareData } from '../../server/files/prepare.ts';
import { listTemplates, readTemplate } from '../../server/files/templates.ts';
import { Thumbnails } from '../../server/files/thumbnails.ts';
import { checkUploadName } from '../../server/files/uploads.ts';
import { watchFolders } from '../../server/files/watch.ts';
import { temporaryFolder, tinyPng } from './rig.ts';

const u16 = (value: number): number[] => [value >> 8, value & 255];

/** JPEG of a given size with `extra` bytes of comments before the frame header; no picture inside. */
const jpeg = (width: number, height: number, extra: number): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    ...Array.from({ length: Math.ceil(extra / 60_000) }, () => Buffer.from([0xff, 0xfe, ...u16(60_000), ...new Array(59_998).fill(0)])),
    Buffer.from([0xff, 0xff, 0xc2, ...u16(11), 8, ...u16(height), ...u16(width), 1, 1, 0x11, 0]),
    Buffer.from([0xff, 0xd9]),
  ]);

const webp = (chunk: string, body: number[]): Buffer => {
  const data = Buffer.concat([Buffer.from(`WEBP${chunk}`, 'latin1'), Buffer.from([body.length, 0, 0, 0, ...body])]);
  return Buffer.concat([Buffer.from('RIFF'), Buffer.from([data.length, 0, 0, 0]), data]);
};

describe('image headers', () => {
  it.each([
    ['png', tinyPng, { format: 'png', width: 1, height: 1 }],
    ['jpeg', jpeg(640, 480, 0), { format: 'jpeg', width: 640, height: 480 }],
    ['jpeg with a large profile', jpeg(3, 5, 200_000), { format: 'jpeg', width: 3, height: 5 }],
    ['webp, lossy', webp('VP8 ', [0, 0, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0]), { format: 'webp', width: 320, height: 240 }],
    ['webp, lossless', webp('VP8L', [0x2f, 0x3f, 0xc1, 0x3b, 0]), { format: 'webp', width: 320, height: 240 }],
    ['webp, extended', webp('VP8X', [0, 0, 0, 0, 0x3f, 1, 0, 0xef, 0, 0]), { format: 'webp', width: 320, height: 240 }],
    ['gif', Buffer.from('GIF89a\x01\0\x01\0'), undefined],
    ['svg', Buffer.from('<svg/>'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
    ['a cut off png', tinyPng.subarray(0, 20), undefined],
    ['a png of no size', Buffer.concat([tinyPng.subarray(0, 16), Buffer.alloc(8)]), undefined],
    ['a jpeg of nothing', Buffer.from([0xff, 0xd8, 0xff, 0xd9]), undefined],
    ['a jpeg that points out of itself', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]), undefined],
  ])('%s', (_name, bytes, expected) => {
    expect(readImageHeader(bytes)).toEqual(expected);
  });

  it('tell whether the file is there to its end', () => {
    expect(isComplete(tinyPng, 'png')).toBe(true);
    expect(isComplete(tinyPng.subarray(0, -12), 'png')).toBe(false);
    expect(isComplete(jpeg(1, 1, 0), 'jpeg')).toBe(true);
    expect(isComplete(jpeg(1, 1, 0).subarray(0, -2), 'jpeg')).toBe(false);
    expect(isComplete(webp('VP8X', [0]), 'webp')).toBe(true);
    expect(isComplete(webp('VP8X', [0]).subarray(0, -1), 'webp')).toBe(false);
  });
});

describe('names', () => {
  it.each(['a.png', 'a/b/c.png', 'test..png', 'Ünïcode 漢字.png', 'a b.png'])('%j is a path', (name) => {
    expect(() => checkRelative(name)).not.toThrow();
  });

  it.each(['', '/', 'a//b', 'a/', '/a', '.', '..', 'a/..', '.a', 'a/.b', 'a\\b', 'C:a', 'a\0b', 'a\nb'])('%j is none', (name) => {
    expect(() => checkRelative(name)).toThrow(expect.objectContaining({ code: 'bad-path' }));
  });

  it.each(['nul.png', 'LPT1', 'a\u200b.png', 'a?.png'])('%j is none of an upload', (name) => {
    expect(() => checkUploadName(name)).toThrow(expect.objectContaining({ code: 'bad-path' }));
  });
});

describe('the gallery', () => {
  it('lists pictures newest first, with sizes, and leaves the rest out', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'sub'));
    const put = async (name: string, time: number, bytes: Buffer = tinyPng): Promise<void> => {
      await writeFile(join(folder, name), bytes);
      await utimes(join(folder, name), time, time);
    };
    await put('old.png', 1000);
    await put('sub/new.jpg', 3000, jpeg(7, 9, 100_000));
    await put('middle.PNG', 2000);
    await put('fake.png', 4000, Buffer.from('no picture'));
    await put('notes.txt', 5000);
    const gallery = new Gallery({ input: folder, output: folder, preview: join(folder, 'missing') });
    expect(await gallery.list('output', 10)).toEqual([
      { folder: 'output', name: 'sub/new.jpg', width: 7, height: 9, modified: 3_000_000 },
      { folder: 'output', name: 'middle.PNG', width: 1, height: 1, modified: 2_000_000 },
      { folder: 'output', name: 'old.png', width: 1, height: 1, modified: 1_000_000 },
    ]);
    await put('middle.PNG', 6000, jpeg(2, 2, 0));
    expect((await gallery.list('input', 1))[0]).toMatchObject({ name: 'middle.PNG', width: 2 });
    expect(await gallery.list('preview', 10)).toEqual([]);
  });
});

describe('thumbnails', () => {
  it('are made once for each width and change of the picture', async () => {
    const folder = await temporaryFolder();
    const picture = join(folder, 'a.png');
    await writeFile(picture, tinyPng);
    const asked: number[] = [];
    const thumbnails = new Thumbnails(folder, async ({ to, width }) => {
      asked.push(width);
      await writeFile(to, 'small');
    });
    const [first, second] = await Promise.all([thumbnails.of(picture, 192), thumbnails.of(picture, 150)]);
    expect(first).toBe(second);
    expect(await readFile(first, 'utf8')).toBe('small');
    await thumbnails.of(picture, 192);
    await thumbnails.of(picture, 97);
    await thumbnails.of(picture, 200);
    await writeFile(picture, Buffer.concat([tinyPng, tinyPng]));
    await thumbnails.of(picture, 192);
    expect(asked).toEqual([192, 384, 192]);
  });

  it('that fail leave nothing behind and are tried again', async () => {
    const folder = await temporaryFolder();
    const picture = join(folder, 'a.png');
    await writeFile(picture, tinyPng);
    const thumbnails = new Thumbnails(folder, async ({ to }) => {
      await writeFile(to, 'half');
      throw new Error('broken');
    });
    await expect(thumbnails.of(picture, 192)).rejects.toThrow('broken');
    await expect(thumbnails.of(picture, 192)).rejects.toThrow('broken');
    expect(await readdir(folder)).toEqual(['a.png']);
  });
});

describe('templates', () => {
  it('are found in folders, described by themselves', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'learn'));
    await writeFile(join(folder, 'b-c.json'), '{"nodes":[]}');
    await writeFile(join(folder, 'a.json'), '{"extra":{"name":"First","description":"To begin with."}}');
    await writeFile(join(folder, 'learn', 'x.json'), '{}');
    await writeFile(join(folder, 'broken.json'), '{');
    await writeFile(join(folder, 'other.ts'), '');
    expect(await listTemplates(folder)).toEqual([
      { id: 'a', title: 'First', description: 'To begin with.', group: '' },
      { id: 'b-c', title: 'B c', description: '', group: '' },
      { id: 'learn/x', title: 'X', description: '', group: 'Learn diffusion' },
    ]);
    expect(await readTemplate(folder, 'learn/x')).toBe('{}');
    await expect(readTemplate(folder, '../x')).rejects.toMatchObject({ code: 'bad-path' });
    await expect(readTemplate(folder, 'none')).rejects.toMatchObject({ code: 'missing-file' });
  });
});

describe('preparing the data folder', () => {
  it('removes old previews and unfinished uploads, and nothing else', async () => {
    const root = await temporaryFolder();
    const folders = dataFolders(root);
    await (await prepareData(folders)).release();
    const put = async (folder: string, name: string, old: boolean): Promise<void> => {
      await writeFile(join(folder, name), '');
      if (old) await utimes(join(folder, name), 1000, 1000);
    };
    for (const folder of [...Object.values(folders.images), folders.thumbnails]) {
      await put(folder, 'new.png', false);
      await put(folder, 'old.png', true);
    }
    await put(folders.uploads, 'half', false);
    await (await prepareData(folders)).release();
    expect(await readdir(folders.images.output)).toEqual(['new.png', 'old.png']);
    expect(await readdir(folders.images.input)).toEqual(['new.png', 'old.png']);
    expect(await readdir(folders.images.preview)).toEqual(['new.png']);
    expect(await readdir(folders.thumbnails)).toEqual(['new.png']);
    expect(await readdir(folders.uploads)).toEqual([]);
  });
});

describe('the lock', () => {
  it('is held by one, given back, and taken over from the dead', async () => {
    const folder = await temporaryFolder();
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'bad-path', message: expect.stringContaining(String(process.pid)) });
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
    const path = join(folder, '.litegraph-diffusion.lock');
    for (const dead of [
      JSON.stringify({ pid: 2 ** 22 + 1, born: '1' }),
      JSON.stringify({ pid: process.pid, born: '1' }),
      '',
      '{"pid":-1}',
    ]) {
      await writeFile(path, dead);
      await (await lockFolder(folder)).release();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('goes to one of many that come at once', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, '.litegraph-diffusion.lock'), 'dead');
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('watching', () => {
  it('hears of new, changed and deleted files, and of a folder that comes later', async () => {
    const folder = await temporaryFolder();
    const later = join(folder, 'later');
    let heard: () => void = () => undefined;
    const change = (): Promise<void> =>
      new Promise((resolve) => {
        heard = resolve;
      });
    const end = watchFolders([folder, later], () => heard());
    let next = change();
    await mkdir(later);
    await next;
    next = change();
    await mkdir(join(folder, 'model'));
    await writeFile(join(folder, 'model', 'model_index.json'), '{}');
    await next;
    next = change();
    await writeFile(join(folder, 'model', 'model_index.json'), '{"a":1}');
    await next;
    next = change();
    await rm(join(folder, 'model'), { recursive: true });
    await next;
    next = change();
    await rm(later, { recursive: true });
    await next;
    next = change();
    await mkdir(later);
    await next;
    next = change();
    await writeFile(join(later, 'x'), '');
    await next;
    end();
  });
});
