import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import type { Autoencoder, DiffusionModel, Tensor, TextEncoder } from '../../../nodes/kit/index.ts';
import forwardNoise from '../../../nodes/latent/forward-noise.node.ts';
import vaeLoader from '../../../nodes/model/vae-loader.node.ts';
import { openRuntime } from '../../../server/engine/models/onnx.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { runNode } from '../../nodes/node-runs.ts';
import { floats, type Written, writeSafetensors } from './safetensors-file.ts';
import { kindOf, ramp, type SomeValues, singleFile, uniform, writeDiffusersFolder, writeSingleFile } from './tiny-checkpoints.ts';

const Some = z.object({ shape: z.array(z.number()), step: z.number(), values: z.array(z.number()) });
const reference = z
  .object({ features: Some, skipped: Some })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../reference/embeddings.json'), 'utf8')));

let root = '';
let models: EngineModels;

/** The tensors under a prefix, without it. */
function under(tensors: Record<string, Written>, prefix: string): Record<string, Written> {
  return Object.fromEntries(
    Object.entries(tensors).flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [])),
  );
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'parts-'));
  for (const folder of ['vae', 'unet', 'text_encoders', 'embeddings/mine', 'folder']) await mkdir(join(root, folder), { recursive: true });
  const [small, large, second] = ['sd15', 'sdxl', 'sd21v'].map(singleFile);
  if (small === undefined || large === undefined || second === undefined) throw new Error('three models');
  await writeSingleFile(join(root, 'sd15.safetensors'), small);
  await writeSingleFile(join(root, 'sdxl.safetensors'), large);
  await writeSingleFile(join(root, 'sd21v.safetensors'), second);
  await writeDiffusersFolder(join(root, 'folder'), 'sd21v');
  await writeSingleFile(join(root, 'vae/fine.safetensors'), under(small, 'first_stage_model.'));
  await writeSingleFile(join(root, 'unet/small.safetensors'), under(small, 'model.diffusion_model.'));
  await writeSingleFile(join(root, 'unet/large.safetensors'), under(large, 'model.'));
  await writeSingleFile(join(root, 'text_encoders/l.safetensors'), under(large, 'conditioner.embedders.0.transformer.'));
  await writeSingleFile(join(root, 'text_encoders/g.safetensors'), under(large, 'conditioner.embedders.1.model.'));
  const rows = Float32Array.from(uniform('lora/embedding', 128), (value) => 0.4 * value);
  await writeSafetensors(join(root, 'embeddings/mine/trained.safetensors'), { emb_params: floats([2, 64], rows) });
  models = new EngineModels(root, await openRuntime('cpu'), { graphs: join(root, 'graphs') });
});
afterAll(async () => {
  await models.close();
  await rm(root, { recursive: true, force: true });
});

const apart = (a: Tensor | undefined, b: Tensor | undefined): number => {
  expect(a?.dims).toEqual(b?.dims);
  return (a?.data ?? new Float32Array()).reduce((most, value, i) => Math.max(most, Math.abs(value - (b?.data[i] ?? Number.NaN))), 0);
};
const encoded = async (clip: TextEncoder, prompt: string, warn?: (sentence: string) => void): Promise<Tensor | undefined> =>
  (await clip.encode(prompt, warn))[0]?.tokens;

/** The largest difference over the first `tokens` tokens, which do not depend on what fills up the window, as a share of the largest value. */
function difference(result: Tensor | undefined, { shape, step, values }: SomeValues, tokens = 77): number {
  const [, , width = 0] = shape;
  const own = values.filter((_, i) => i * step < tokens * width);
  return Math.max(...own.map((value, i) => Math.abs(value - (result?.data[i * step] ?? Number.NaN)))) / Math.max(...own.map(Math.abs));
}

describe('a part in a file of its own', () => {
  it('VAE and text encoders do what they do in the checkpoint', async () => {
    const [small, large] = [await models.checkpoint('sd15.safetensors'), await models.checkpoint('sdxl.safetensors')];
    const latent = ramp('latent', [1, 4, 6, 5]);
    expect(apart(await (await models.vae('fine.safetensors')).decode(latent), await small.vae.decode(latent))).toBe(0);
    const prompt = 'a (photo:1.3) of a cat';
    const both = await models.clip(['g.safetensors', 'l.safetensors']);
    expect(apart(await encoded(both, prompt), await encoded(large.clip, prompt))).toBe(0);
    const [one] = await both.encode(prompt);
    expect(one?.pooled?.dims).toEqual([1, 64]);
    const single = await models.clip(['l.safetensors']);
    expect(apart(await encoded(single, prompt), await encoded(small.clip, prompt))).toBe(0);
  });

  it('VAE says how its latents are scaled where its notes do, and otherwise nothing is guessed: noise without a model asks for the family', async () => {
    await mkdir(join(root, 'vae/xl'), { recursive: true });
    const tensors = under(singleFile('sdxl'), 'first_stage_model.');
    await writeSingleFile(join(root, 'vae/xl/diffusion_pytorch_model.safetensors'), tensors);
    await writeFile(join(root, 'vae/xl/config.json'), JSON.stringify({ _class_name: 'AutoencoderKL', scaling_factor: 0.13025 }));
    const spec = { 'modelspec.architecture': 'stable-diffusion-xl-v1-base/vae' };
    await writeSafetensors(join(root, 'vae/noted.safetensors'), tensors, spec);
    expect((await models.vae('xl/diffusion_pytorch_model.safetensors')).latent.scale).toBe(0.13025);
    expect((await models.vae('noted.safetensors')).latent.scale).toBe(0.13025);
    const load = async (family: 'as the file says' | 'Stable Diffusion XL') =>
      (await runNode(vaeLoader, { vae_name: 'fine.safetensors', family }, {}, models)).outputs.VAE;
    const [unsaid, xl] = [await load('as the file says'), await load('Stable Diffusion XL')];
    expect([unsaid.latent.scale, xl.latent.scale]).toEqual(['unknown', 0.13025]);
    const schedule = scheduleFromConfig({
      num_train_timesteps: 1000,
      beta_start: 0.00085,
      beta_end: 0.012,
      beta_schedule: 'scaled_linear',
    });
    const noised = ({ latent: { scale } }: Autoencoder) =>
      runNode(forwardNoise, { x_0: { samples: ramp('latent', [1, 4, 6, 5]), scale }, schedule, t: 500, seed: 1n });
    await expect(noised(unsaid)).rejects.toMatchObject({ code: 'bad-model', message: expect.stringContaining('“Load VAE”') });
    const whole = (await models.checkpoint('sdxl.safetensors')).vae;
    expect((await noised(xl)).outputs).toEqual((await noised(whole)).outputs);
  });

  it('U-Nets of Stable Diffusion 1 and XL do what they do in the checkpoint', async () => {
    const pairs = [
      ['small.safetensors', 'sd15.safetensors', 64],
      ['large.safetensors', 'sdxl.safetensors', 128],
    ] as const;
    for (const [file, checkpoint, width] of pairs) {
      const [own, whole] = [await models.unet(file), (await models.checkpoint(checkpoint)).model];
      const tokens = ramp('context', [1, 77, width]);
      const input = { sample: ramp('sample', [1, 4, 8, 8]), timestep: 421, tokens, pooled: ramp('pooled', [1, 64]) };
      const predict = (model: DiffusionModel): Promise<Tensor> => model.predict(input);
      expect(apart(await predict(own), await predict(whole))).toBe(0);
      expect(own.latent.scale).toBe(whole.latent.scale);
    }
  });

  it('of the wrong kind is refused, and one that is missing is named with its folder', async () => {
    await writeSingleFile(join(root, 'vae/network.safetensors'), under(singleFile('sd15'), 'model.diffusion_model.'));
    await expect(models.vae('network.safetensors')).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('is no VAE'),
    });
    await expect(models.unet('none.safetensors')).rejects.toMatchObject({
      code: 'missing-model',
      message: expect.stringContaining('diffusion_models/'),
    });
  });
});

describe('a trained word', () => {
  it('in a prompt is what diffusers makes of it, and belongs to what identifies the prompt', async () => {
    const { clip } = await models.checkpoint('sd15.safetensors');
    const result = await encoded(clip, 'a photo of embedding:mine/trained cat');
    expect(difference(result, reference.features)).toBeLessThan(1e-4);
    const named = await models.embeddings(['embedding:mine/trained']);
    expect(named).toContain('trained.safetensors:');
    expect(await models.embeddings([undefined])).toBe(named);
    expect(await models.embeddings(['a cat'])).toBe('');
  });

  it('that is not there, or of another width, is left out and said', async () => {
    const told: string[] = [];
    const { clip } = await models.checkpoint('sd15.safetensors');
    await writeSafetensors(join(root, 'embeddings/wide.safetensors'), { emb_params: floats([1, 8], new Float32Array(8)) });
    const result = await encoded(clip, 'a embedding:none cat embedding:wide', (sentence) => told.push(sentence));
    expect(apart(result, await encoded(clip, 'a cat'))).toBe(0);
    expect(told.join(' ')).toMatch(/no embedding “none”.*“wide” has 8 numbers a word/);
  });
});

describe('clip skip', () => {
  it('on Stable Diffusion 1 is that of diffusers', async () => {
    const { clip } = await models.checkpoint('sd15.safetensors');
    expect(difference(await encoded(await clip.atLayer(2), 'a photo of a cat'), reference.skipped)).toBeLessThan(1e-4);
  });

  it('on Stable Diffusion 2 counts from the last layer of the whole network, in a single file and in a folder that leaves it out', async () => {
    const [own] = kindOf('sd21v').results.encoders;
    if (own?.penultimate === undefined) throw new Error('no reference');
    const single = (await models.checkpoint('sd21v.safetensors')).clip;
    expect(difference(await encoded(single, 'a photo of a cat'), own.penultimate, 7)).toBeLessThan(1e-4);
    expect(difference(await encoded(await single.atLayer(1), 'a photo of a cat'), own.last, 7)).toBeLessThan(1e-4);
    const folder = (await models.checkpoint('folder')).clip;
    expect(difference(await encoded(folder, 'a photo of a cat'), own.last, 7)).toBeLessThan(1e-4);
    expect(difference(await encoded(await folder.atLayer(3), 'a photo of a cat'), own.penultimate, 7)).toBeLessThan(1e-4);
    await expect(folder.atLayer(1)).rejects.toThrow(/does not give layer 1/);
  });

  it('on Stable Diffusion XL takes both encoders’ layers as they are', async () => {
    const { clip } = await models.checkpoint('sdxl.safetensors');
    const last = await encoded(await clip.atLayer(1), 'a photo of a cat');
    const first = last && { ...last, data: last.data.filter((_, i) => i % 128 < 64) };
    const [own] = kindOf('sdxl').results.encoders;
    expect(difference(first, own?.hidden.at(-1) ?? reference.skipped, 7)).toBeLessThan(1e-4);
  });
});
