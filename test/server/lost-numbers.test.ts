import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { writeTinyFolder } from '../engine/tiny-models.ts';
import { Program } from './program.ts';
import { temporaryFolder } from './rig.ts';

const Report = z.object({
  status: z.string(),
  errors: z.array(z.object({ code: z.string(), message: z.string(), node: z.string().optional() })),
});

const node = (class_type: string, inputs: Record<string, unknown>, title = class_type) => ({ class_type, inputs, _meta: { title } });

/** Text to image with one model for the U-Net and one for the VAE; ids begin with `id`. */
const graph = (id: string, unet: string, vae: string) => ({
  [`${id}_unet`]: node('CheckpointLoaderSimple', { ckpt_name: unet }),
  [`${id}_vae`]: node('CheckpointLoaderSimple', { ckpt_name: vae }),
  [`${id}_prompt`]: node('CLIPTextEncode', { text: 'house', clip: [`${id}_vae`, 1] }),
  [`${id}_empty`]: node('EmptyLatentImage', { width: 64, height: 64, batch_size: 1 }),
  [`${id}_sampler`]: node(
    'KSampler',
    {
      ...{ model: [`${id}_unet`, 0], positive: [`${id}_prompt`, 0], negative: [`${id}_prompt`, 0], latent_image: [`${id}_empty`, 0] },
      ...{ seed: 1, steps: 2, cfg: 2, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
    },
    'My sampler',
  ),
  [`${id}_decode`]: node('VAEDecode', { samples: [`${id}_sampler`, 0], vae: [`${id}_vae`, 2] }, 'My decoder'),
  [`${id}_save`]: node('SaveImage', { images: [`${id}_decode`, 0], filename_prefix: id }),
});

let data = '';
let report: z.infer<typeof Report>;
let said = '';
beforeAll(async () => {
  data = await temporaryFolder();
  const models = join(data, 'tiny');
  for (const part of ['unet', 'vae_decoder']) {
    const broken = join(models, `broken-${part}`);
    await rename(await writeTinyFolder('sd15', models), broken);
    const file = join(broken, part, 'weights.bin');
    const weights = await readFile(file);
    weights.writeFloatLE(Number.POSITIVE_INFINITY, 0);
    // The VAE's two networks lie in one list: the decoder's weights are in its second half.
    weights.writeFloatLE(Number.POSITIVE_INFINITY, weights.length - 4 - (weights.length % 4));
    await writeFile(file, weights);
  }
  await writeTinyFolder('sd15', models);
  const both = { ...graph('a', 'broken-unet', 'sd15'), ...graph('b', 'sd15', 'broken-vae_decoder') };
  const { output, errors } = await new Program('run', '-', '--data', data, '--models', models, '--device', 'cpu', '--json').ended(
    JSON.stringify(both),
  );
  report = Report.parse(JSON.parse(output));
  said = errors;
}, 120_000);
afterAll(() => rm(data, { recursive: true, force: true }));

describe('numbers that a network loses', () => {
  it('are named with the node where they were lost, and the likely cause', () => {
    expect(report.status).toBe('failed');
    const lost = (id: string) => report.errors.find((error) => error.node === id);
    expect(lost('a_sampler')).toMatchObject({ code: 'not-a-number', message: expect.stringContaining('overflows in fp16') });
    expect(lost('b_decode')).toMatchObject({ code: 'not-a-number', message: expect.stringContaining('overflows in fp16') });
    expect(report.errors).toHaveLength(2);
  });

  it('are told by the title of the node', () => {
    expect(said).toMatch(/My sampler.*NaN/);
    expect(said).toMatch(/My decoder.*NaN/);
  });
});
