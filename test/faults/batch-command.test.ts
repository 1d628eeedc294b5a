import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Program } from '../server/program.ts';
import { temporaryFolder } from '../server/rig.ts';

const count = 24;
const State = z.object({ items: z.array(z.object({ row: z.number(), state: z.string(), files: z.array(z.string()) })) });

const node = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });
/** A picture of nothing but noise: each seed has its own, and its own name. */
const noise = {
  model: node('CheckpointLoaderSimple', { ckpt_name: 'tiny-emoji' }),
  prompt: node('CLIPTextEncode', { text: 'cat', clip: ['model', 1] }),
  latent: node('EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }),
  sample: node('KSampler', {
    ...{ model: ['model', 0], seed: 7, steps: 1, cfg: 1, sampler_name: 'euler', scheduler: 'karras' },
    ...{ positive: ['prompt', 0], negative: ['prompt', 0], latent_image: ['latent', 0], denoise: 1 },
  }),
  decode: node('VAEDecode', { samples: ['sample', 0], vae: ['model', 2] }),
  saved: node('SaveImage', { images: ['decode', 0], filename_prefix: 'x' }),
};

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'noise.json'), JSON.stringify(noise));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const pictures = async (out: string): Promise<string[]> =>
  (await readdir(out).catch(() => [])).filter((name) => name.endsWith('.png') && !name.startsWith('.'));

describe('the command batch', () => {
  it('killed in the middle, again and again, has each picture once and whole when it has gone on to its end', async () => {
    const out = join(folder, 'out');
    const begin = (...more: string[]): Program =>
      new Program(
        ...['batch', join(folder, 'noise.json'), '--data', join(folder, 'data'), '--device', 'cpu', '--out', out, '--repeat', `${count}`],
        ...['--seeds', 'randomize', '--name', '{row}-{seed}', ...more],
      );
    for (const kill of [1, 2, 3]) {
      const before = (await pictures(out)).length;
      const program = begin(...(kill === 1 ? [] : ['--resume']));
      while ((await pictures(out)).length < before + 2 * kill) await delay(5);
      program.child.kill('SIGKILL');
      await program.exit;
    }
    expect((await pictures(out)).length).toBeLessThan(count);
    const last = await begin('--resume').ended();
    expect([last.code, last.errors]).toEqual([0, '']);
    const names = await pictures(out);
    const { items } = State.parse(JSON.parse(await readFile(join(out, 'batch.json'), 'utf8')));
    expect(items.flatMap(({ files }) => files).sort()).toEqual(names.sort());
    expect(items.filter(({ state }) => state === 'done').map(({ row }) => row)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(names).toHaveLength(count);
    for (const name of names) await sharp(join(out, name), { failOn: 'warning' }).raw().toBuffer();
    expect((await readdir(out)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
