import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectModel } from '../../../server/engine/models/checkpoints/inspect.ts';
import { placeFile } from '../../../server/engine/models/checkpoints/place-file.ts';
import { floats } from './safetensors-file.ts';
import { diffusersTensors, inHalves, kindOf, singleFile, singleFileTensors, writeSingleFile } from './tiny-checkpoints.ts';
import { loraTensors } from './tiny-loras.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('inspecting a checkpoint', () => {
  it('tells family, parts, types and sizes, and what is missing, does not fit or is not used', async () => {
    const { 'first_stage_model.decoder.conv_in.bias': _, ...tensors } = inHalves(singleFile('sdxl'), 'BF16');
    const path = join(folder, 'model.safetensors');
    await writeSingleFile(path, {
      ...tensors,
      'model_ema.decay': floats([1], [0]),
      'model.diffusion_model.out.2.bias': floats([5], [1, 2, 3, 4, 5]),
    });
    const found = await inspectModel({ path, kind: 'single-file' });
    expect(found).toMatchObject({ family: 'Stable Diffusion XL', prediction: 'epsilon' });
    expect(found.parts.map(({ name }) => name)).toEqual(['U-Net', 'text encoder 1', 'text encoder 2', 'VAE']);
    expect(found.parts[0]?.types).toEqual({ BF16: (found.parts[0]?.tensors ?? 0) - 1, F32: 1 });
    expect(found.missing).toEqual(['vae_decoder: decoder.conv_in.bias']);
    expect(found.wrong).toEqual([expect.stringContaining('model.diffusion_model.out.2.bias has shape [5] where [4] belongs')]);
    expect(found.unexpected).toEqual(['model_ema.decay']);
  });

  it.each([
    ['sd15', 'Stable Diffusion 1', 'epsilon'],
    ['inpaint', 'Stable Diffusion 1 inpainting', 'epsilon'],
  ])('knows a %s by its weights', async (name, family, prediction) => {
    const path = join(folder, `${name}.safetensors`);
    await writeSingleFile(path, singleFile(name));
    const found = await inspectModel({ path, kind: 'single-file' });
    expect(found).toMatchObject({ family, prediction, missing: [], wrong: [], unexpected: [] });
  });

  it('tells the two kinds of Stable Diffusion 2 apart by the spread of a bias, or by what the file says', async () => {
    const tensors = singleFile('sd21v');
    const path = join(folder, 'sd2.safetensors');
    const key = Object.keys(tensors).findLast((name) => /output_blocks\.\d+\.1\.transformer_blocks\.0\.norm1\.bias$/.test(name)) ?? '';
    const predicted = async (spread: number): Promise<string | undefined> => {
      const bias = Float32Array.from({ length: tensors[key]?.shape[0] ?? 0 }, (_, i) => (i % 2 === 0 ? spread : -spread));
      await writeSingleFile(path, { ...tensors, [key]: floats([bias.length], bias) });
      return (await inspectModel({ path, kind: 'single-file' })).prediction;
    };
    expect(await predicted(0.2)).toBe('v_prediction');
    expect(await predicted(0.05)).toBe('epsilon');
    await writeSingleFile(path, { ...tensors, v_pred: floats([1], [1]) });
    expect((await inspectModel({ path, kind: 'single-file' })).prediction).toBe('v_prediction');
  });
});

describe('inspecting a ControlNet', () => {
  it('tells its family, and what is missing or not used, in files of diffusers and of the original code', async () => {
    const path = join(folder, 'control.safetensors');
    await writeSingleFile(path, singleFileTensors('control-sd15-a', 'control_model.'));
    const whole = await inspectModel({ path, kind: 'single-file' });
    expect(whole).toMatchObject({ family: 'ControlNet for Stable Diffusion 1', missing: [], wrong: [], unexpected: [] });
    expect(whole.prediction).toBeUndefined();
    expect(whole.parts.map(({ name, tensors }) => [name, tensors > 50])).toEqual([['ControlNet', true]]);
    const { 'controlnet_mid_block.bias': _, ...tensors } = diffusersTensors('control-sdxl-a');
    await writeSingleFile(path, { ...tensors, extra: floats([1], [0]) });
    expect(await inspectModel({ path, kind: 'single-file' })).toMatchObject({
      family: 'ControlNet for Stable Diffusion XL',
      missing: ['controlnet: controlnet_mid_block.bias'],
      unexpected: ['extra'],
    });
    await writeSingleFile(path, { lora_controlnet: floats([1], [0]) });
    await expect(inspectModel({ path, kind: 'single-file' })).rejects.toThrow(/Control-LoRA/);
  });
});

describe('inspecting a part of a model', () => {
  const { parts } = kindOf('sd15');
  it.each([
    ['a U-Net', () => diffusersTensors(parts.unet), { family: 'Stable Diffusion 1', prediction: 'epsilon' }, ['U-Net']],
    ['a VAE', () => diffusersTensors(parts.vae), { family: 'VAE for a family that the file does not name' }, ['VAE']],
    ['a text encoder', () => diffusersTensors(parts.encoders[0] ?? ''), { family: 'CLIP-L' }, ['text encoder']],
    ['a LoRA', () => loraTensors('kohya'), { family: expect.stringMatching(/^LoRA for /) }, ['U-Net', 'text encoder']],
  ])('tells %s by its weights, and which of its keys nobody uses', async (_, tensors, told, names) => {
    const path = join(folder, 'part.safetensors');
    await writeSingleFile(path, { ...tensors(), extra: floats([1], [0]) });
    const found = await inspectModel({ path, kind: 'single-file' });
    expect(found).toMatchObject({ ...told, missing: [], wrong: [], unexpected: ['extra'] });
    expect(found.parts.map(({ name }) => name)).toEqual(names);
  });

  it('says of what is nothing of all this that it is no model', async () => {
    const path = join(folder, 'nothing.safetensors');
    await writeSingleFile(path, { extra: floats([1], [0]) });
    await expect(inspectModel({ path, kind: 'single-file' })).rejects.toMatchObject({ code: 'bad-model', message: /no Stable Diffusion/ });
  });
});

describe('a file at a second place', () => {
  const refuse = (): Promise<never> => Promise.reject(Object.assign(new Error('EXDEV'), { code: 'EXDEV' }));

  it('shares blocks where no link can be made, and is copied only where there is room', async () => {
    const from = join(folder, 'weights');
    await writeFile(from, 'weights');
    const copied: number[] = [];
    const copyFile = async (_from: unknown, _to: unknown, mode = 0): Promise<void> => {
      copied.push(mode);
      if (copied.length > 1) return;
      throw new Error('ENOTSUP');
    };
    const room = (blocks: number) => async () => ({ bavail: blocks, bsize: 4096 });
    expect(await placeFile(from, join(folder, 'a'), { link: refuse, copyFile: async () => undefined, statfs: room(0) })).toBe('reflink');
    expect(await placeFile(from, join(folder, 'b'), { link: refuse, copyFile, statfs: room(1e9) })).toBe('copy');
    copied.length = 0;
    const full = placeFile(from, join(folder, 'c'), { link: refuse, copyFile, statfs: room(1) });
    await expect(full).rejects.toMatchObject({ code: 'bad-model', message: expect.stringMatching(/no room for its 1 MB: only 1 MB/) });
    expect(copied).toHaveLength(1);
  });
});
