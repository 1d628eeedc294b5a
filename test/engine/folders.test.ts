import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelFolder, readModelFolder } from '../../server/engine/models/folder.ts';
import { openRuntime } from '../../server/engine/models/onnx.ts';
import { EngineModels } from '../../server/engine/models/store.ts';
import { openTokenizer } from '../../server/engine/models/tokenizer.ts';
import { type TinyModel, writeTinyFolder } from './tiny-models.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'folders-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** A copy of a tiny model to change, read once it was. */
async function changed(
  title: string,
  change: (folder: string) => Promise<unknown>,
  model: TinyModel = 'sd15',
): Promise<{ models: string; folder: string; read: () => Promise<ModelFolder> }> {
  const models = join(root, title.replaceAll(/\W+/g, '-'));
  const folder = await writeTinyFolder(model, models);
  await change(folder);
  return { models, folder, read: () => readModelFolder({ name: model, path: folder }) };
}

/** Writes another place of the same length into a network's file. */
async function moveWeights(file: string, place: string): Promise<void> {
  const text = await readFile(file, 'latin1');
  if (place.length !== 'weights.bin'.length) throw new Error('The place has to be as long as the one before.');
  await writeFile(file, text.replaceAll('weights.bin', place), 'latin1');
}

const sigmaMax = ({ sampling }: ModelFolder): number => Number(sampling.sigmaMax.toFixed(3));

describe('what a folder leaves out', () => {
  it('is as the family has it: noise, prediction, latents, tokenizers', async () => {
    const bare = async (folder: string) => {
      for (const name of [
        'scheduler',
        'tokenizer',
        'model_index.json',
        'unet/config.json',
        'vae_decoder/config.json',
        'vae_encoder/config.json',
      ])
        await rm(join(folder, name), { recursive: true, force: true });
    };
    const first = await (await changed('bare one', bare)).read();
    expect([first.family, first.sampling.prediction, sigmaMax(first), first.latent]).toEqual([
      ...['sd1', 'epsilon', 14.615],
      { channels: 4, scale: 0.18215, downscale: 8 },
    ]);
    const large = await (await changed('bare xl', bare, 'sdxl')).read();
    expect([large.family, large.latent.scale, large.textEncoders.map(({ pad }) => pad)]).toEqual(['sdxl', 0.13025, ['<|endoftext|>', '!']]);
    const refiner = await (await changed('bare refiner', bare, 'sdxl-refiner')).read();
    expect([refiner.family, refiner.textEncoders.map(({ pad }) => pad)]).toEqual(['sdxl-refiner', ['!']]);
  });

  it('may be the VAE’s encoder: pictures are drawn, but none is encoded', async () => {
    const { models } = await changed('no encoder', (folder) => rm(join(folder, 'vae_encoder'), { recursive: true }));
    const engine = new EngineModels(models, await openRuntime('cpu'));
    const { vae } = await engine.checkpoint('sd15');
    const decoded = await vae.decode({ dims: [1, 4, 2, 2], data: new Float32Array(16) });
    expect(decoded.dims).toEqual([1, 16, 16, 3]);
    await expect(vae.encode(decoded)).rejects.toThrow('has no vae_encoder/model.onnx, so it makes no latents');
    await engine.close();
  });

  it('is not a part that every run needs', async () => {
    const without = (part: string) => changed(`no ${part}`, (folder) => rm(join(folder, part), { recursive: true }), 'sdxl');
    for (const part of ['unet', 'text_encoder_2', 'vae_decoder']) {
      await expect((await without(part)).read()).rejects.toMatchObject({
        code: 'bad-model',
        message: expect.stringContaining(`no ${part}/model.onnx`),
      });
    }
  });
});

describe('what a folder says', () => {
  const scheduler = (config: object) => (folder: string) =>
    writeFile(join(folder, 'scheduler/scheduler_config.json'), JSON.stringify(config));

  it('of its noise: trained betas, zero signal at the end, velocity', async () => {
    const trained = await (await changed('trained', scheduler({ trained_betas: [0.1, 0.2, 0.3] }))).read();
    expect(sigmaMax(trained)).toBe(Number(Math.sqrt(1 / (0.9 * 0.8 * 0.7) - 1).toFixed(3)));
    const zero = await (await changed('zero', scheduler({ rescale_betas_zero_snr: true, prediction_type: 'v_prediction' }))).read();
    expect([zero.sampling.prediction, sigmaMax(zero) > 4000]).toEqual(['v_prediction', true]);
  });

  it('of being distilled: a latent consistency model has its own 50 steps', async () => {
    const distilled = await (await changed('distilled', async () => undefined, 'sd15-lcm')).read();
    expect([distilled.sampling.prediction, distilled.sampling.sigmas.length]).toEqual(['lcm', 50]);
  });

  it('by another name: one network in a part’s folder may be called as it likes, of several one has to be model.onnx', async () => {
    const renamed = await changed('renamed', (folder) =>
      rename(join(folder, 'vae_decoder/model.onnx'), join(folder, 'vae_decoder/decoder_fp32.onnx')),
    );
    expect((await renamed.read()).vaeDecoder.file).toContain('decoder_fp32.onnx');
    const two = await changed('two', async (folder) => {
      await rename(join(folder, 'vae_decoder/model.onnx'), join(folder, 'vae_decoder/a.onnx'));
      await cp(join(folder, 'vae_decoder/a.onnx'), join(folder, 'vae_decoder/b.onnx'));
    });
    await expect(two.read()).rejects.toThrow('none is called model.onnx');
  });

  it('of inpainting: a U-Net with nine channels takes a mask', async () => {
    const engine = new EngineModels((await changed('nine', async () => undefined, 'sd15-inpaint')).models, await openRuntime('cpu'));
    expect((await engine.checkpoint('sd15-inpaint')).model.inpaints).toBe(true);
    expect((await engine.checkpoint('tiny-emoji')).model.inpaints).toBe(false);
    await engine.close();
  });
});

describe('weights beside a network', () => {
  const unet = (folder: string) => join(folder, 'unet/model.onnx');

  it.each([
    ['../outside1', 'outside of its own folder'],
    ['/etc/hostsx', 'outside of its own folder'],
    ['missing.bin', 'which is missing'],
  ])('are refused at %s', async (place, reason) => {
    const { read } = await changed(`at ${place}`, (folder) => moveWeights(unet(folder), place));
    await expect(read()).rejects.toMatchObject({ code: 'bad-model', message: expect.stringContaining(reason) });
  });

  it('are refused where they are a link that leaves the folder', async () => {
    const { read } = await changed('link out', async (folder) => {
      await rename(join(folder, 'unet/weights.bin'), join(root, 'elsewhere.bin'));
      await symlink(join(root, 'elsewhere.bin'), join(folder, 'unet/weights.bin'));
    });
    await expect(read()).rejects.toThrow(/is a link to .*elsewhere\.bin, outside of the model's folder/);
  });

  it('are taken where network and weights are both links into one folder, as download caches keep them', async () => {
    const { models } = await changed('cache', async (folder) => {
      await mkdir(join(folder, 'blobs'));
      for (const name of ['model.onnx', 'weights.bin']) {
        await rename(join(folder, 'unet', name), join(folder, 'blobs', name));
        await symlink(join('../blobs', name), join(folder, 'unet', name));
      }
    });
    const engine = new EngineModels(models, await openRuntime('cpu'));
    const { model } = await engine.checkpoint('sd15');
    const zeros = (dims: readonly number[]) => ({ dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)) });
    expect((await model.predict({ sample: zeros([1, 4, 2, 2]), timestep: 5, tokens: zeros([1, 77, 64]) })).dims).toEqual([1, 4, 2, 2]);
    await engine.close();
  });

  it('and networks that are cut short or no networks are named', async () => {
    const cut = await changed('cut', (folder) => truncate(unet(folder), 5000));
    await expect(cut.read()).rejects.toThrow('is damaged or cut short');
    const empty = await changed('empty', (folder) => truncate(unet(folder), 0));
    await expect(empty.read()).rejects.toThrow('is empty');
    const other = await changed('other', (folder) => writeFile(unet(folder), ''.padEnd(64, '\x08\x01')));
    await expect(other.read()).rejects.toThrow('is no ONNX network');
  });
});

describe('tokenizers', () => {
  it('are read from tokenizer.json alone, with pairs in either form', async () => {
    const words = ['a', 'b</w>', 'ab</w>', '<|startoftext|>', '<|endoftext|>'];
    const vocab = Object.fromEntries(words.map((word, id) => [word, id]));
    for (const merges of [['a b</w>'], [['a', 'b</w>']]]) {
      await writeFile(join(root, 'tokenizer.json'), JSON.stringify({ model: { type: 'BPE', vocab, merges } }));
      const { ids, window } = await openTokenizer(root);
      expect([ids('AB'), window]).toEqual([[2], { length: 77, begin: 3, end: 4, pad: 4 }]);
    }
    await rm(join(root, 'tokenizer.json'));
  });

  it('are CLIP’s where there is none', async () => {
    const { ids, window } = await openTokenizer(undefined, '!');
    expect(window).toEqual({ length: 77, begin: 49406, end: 49407, pad: 0 });
    expect(ids('a photo of a cat')).toEqual([320, 1125, 539, 320, 2368]);
  });

  it('are refused where half of one is missing', async () => {
    const half = join(root, 'half');
    await mkdir(half);
    await writeFile(join(half, 'vocab.json'), '{}');
    await expect(openTokenizer(half)).rejects.toThrow('merges.txt is missing beside the other');
  });
});
