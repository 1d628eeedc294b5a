import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type NetworkInput, sizeOf, type Tensor, type TextEncoder } from '../../nodes/kit/index.ts';
import { openRuntime } from '../../server/engine/models/onnx.ts';
import { EngineModels } from '../../server/engine/models/store.ts';
import { type TinyModel, tinyModels, writeTinyFolder } from './tiny-models.ts';

const Picked = z.object({ dims: z.array(z.int()), values: z.array(z.number()) });
type Picked = z.infer<typeof Picked>;
const Text = z.record(
  z.string(),
  z.object({
    last: z.array(Picked),
    penultimate: z.array(Picked),
    'penultimate, normalised': z.array(Picked),
    pooled: z.array(Picked).nullable(),
  }),
);
const Reference = z.object({
  prompts: z.array(z.string()),
  size: z.object({
    ...{ height: z.number(), width: z.number(), cropTop: z.number(), cropLeft: z.number() },
    ...{ targetHeight: z.number(), targetWidth: z.number(), aesthetic: z.number() },
  }),
  models: z.record(
    z.string(),
    z.object({ text: Text, unet: z.record(z.string(), Picked), vae: z.object({ decoded: Picked, encoded: Picked }) }),
  ),
});

const reference = Reference.parse(JSON.parse(await readFile(join(import.meta.dirname, '../reference/networks.json'), 'utf8')));
const of = (name: TinyModel) => {
  const found = reference.models[name];
  if (found === undefined) throw new Error(`There are no reference values of ${name}.`);
  return found;
};

/** sin(seed + 1.7·i), as the reference made it. */
const ramp = (dims: readonly number[], seed = 1): Tensor => ({
  dims,
  data: Float32Array.from({ length: sizeOf(dims) }, (_, i) => Math.sin(seed + 1.7 * i)),
});

/** The largest difference from the reference's values, which stand for every so many-th of the tensor; infinite where shapes differ. */
function apart({ dims, data }: Tensor, expected: Picked): number {
  if (sizeOf(dims) !== sizeOf(expected.dims)) return Number.POSITIVE_INFINITY;
  const { values } = expected;
  return Math.max(...values.map((value, i) => Math.abs(value - (data[Math.floor((i * data.length) / values.length)] ?? Number.NaN))));
}

/** `count` columns of `[1, t, w]` from `start`. */
const columns = (tensor: Tensor, start: number, count: number): Tensor => {
  const [, tokens = 0, width = 0] = tensor.dims;
  const data = new Float32Array(tokens * count);
  for (let t = 0; t < tokens; t++) data.set(tensor.data.subarray(t * width + start, t * width + start + count), t * count);
  return { dims: [1, tokens, count], data };
};

const widthOf: Readonly<Record<TinyModel, number>> = {
  sd15: 64,
  'sd21-v': 64,
  sdxl: 192,
  'sdxl-refiner': 128,
  'sd15-inpaint': 64,
  'sd15-lcm': 64,
};

const unetInput = (name: TinyModel, timestep: number): NetworkInput => ({
  sample: ramp([2, name === 'sd15-inpaint' ? 9 : 4, 9, 7]),
  timestep,
  tokens: ramp([2, 77, widthOf[name]], 2),
  pooled: ramp([2, 128], 3),
  sizes: [reference.size, reference.size],
});

let folder = '';
let models: EngineModels;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiny-'));
  for (const name of tinyModels) await writeTinyFolder(name, folder);
  for (const unet of ['even', 'half', 'controlled', 'fixed'] as const) await writeTinyFolder('sd15', join(folder, unet), { unet });
  models = new EngineModels(folder, await openRuntime('cpu'));
}, 60_000);
afterAll(async () => {
  await models.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(tinyModels)('%s as an ONNX folder', (name) => {
  it('runs its U-Net as PyTorch does, at odd sides and any timestep', async () => {
    const { model } = await models.checkpoint(name);
    for (const [timestep, expected] of Object.entries(of(name).unet)) {
      expect(apart(await model.predict(unetInput(name, Number(timestep))), expected)).toBeLessThan(1e-4);
    }
  });

  it('draws and encodes pictures as PyTorch does', async () => {
    const { vae } = await models.checkpoint(name);
    const { decoded, encoded } = of(name).vae;
    const latent = ramp([1, 4, 9, 7], 4);
    expect(apart(await vae.decode({ ...latent, data: latent.data.map((value) => 5 * value) }), decoded)).toBeLessThan(1e-4);
    const picture = ramp([1, 64, 48, 3], 5);
    const once = await vae.encode({ ...picture, data: picture.data.map((value) => (value + 1) / 2) });
    expect(apart(once, encoded)).toBeLessThan(1e-4);
  });
});

describe('text encoders', () => {
  const short = reference.prompts.slice(0, 3);
  type Layer = 'last' | 'penultimate' | 'penultimate, normalised';
  const expected = (name: TinyModel, encoder: 1 | 2, layer: Layer): readonly Picked[] => of(name).text[`encoder ${encoder}`]?.[layer] ?? [];

  /** The largest difference of a clip's features from the reference's over all short prompts; `cut` chooses columns. */
  async function farthest(clip: TextEncoder, picked: readonly Picked[], cut = (tokens: Tensor): Tensor => tokens): Promise<number> {
    const found = await Promise.all(short.map((prompt) => clip.encode(prompt)));
    return Math.max(
      ...found.map(([one], i) => (one === undefined ? Number.NaN : apart(cut(one.tokens), picked[i] ?? { dims: [], values: [] }))),
    );
  }

  it.each(['sd15', 'sd15-inpaint', 'sd15-lcm'] as const)(
    'give the last layer of %s, with CLIP’s vocabulary as the folder has none',
    async (name) => {
      const { clip } = await models.checkpoint(name);
      expect(await farthest(clip, expected(name, 1, 'last'))).toBeLessThan(1e-4);
    },
  );

  it('fill the window of a long prompt as CLIP does, and go on in another', async () => {
    const { clip } = await models.checkpoint('sd15');
    const [encoded] = await clip.encode(reference.prompts[3] ?? '');
    const { dims, data } = encoded?.tokens ?? { dims: [], data: new Float32Array() };
    expect(dims).toEqual([1, 2 * 77, 64]);
    const picked = expected('sd15', 1, 'last')[3];
    expect(picked && apart({ dims: [1, 77, 64], data: data.subarray(0, 77 * 64) }, picked)).toBeLessThan(1e-4);
  });

  it('skip the last layer and still normalise, from the hidden states of an export', async () => {
    const { clip } = await models.checkpoint('sd15');
    const skipping = await clip.atLayer(2);
    expect(await farthest(skipping, expected('sd15', 1, 'penultimate, normalised'))).toBeLessThan(1e-4);
    expect(await farthest(skipping, expected('sd15', 1, 'last'))).toBeGreaterThan(0.1);
  });

  it('use the last but one layer of Stable Diffusion 2, whose folders leave the last one out, and fill up with its own token', async () => {
    const { clip } = await models.checkpoint('sd21-v');
    expect(await farthest(clip, expected('sd21-v', 1, 'penultimate, normalised'))).toBeLessThan(1e-4);
  });

  it('say what to do where another layer is wanted than the export gives', async () => {
    const { clip } = await models.checkpoint('sd21-v');
    await expect(clip.atLayer(3)).rejects.toThrow(/does not give layer 3.*hidden_states/s);
  });

  it('put two encoders of Stable Diffusion XL side by side and give the pooled vector of the second', async () => {
    const { clip } = await models.checkpoint('sdxl');
    expect(await farthest(clip, expected('sdxl', 1, 'penultimate'), (tokens) => columns(tokens, 0, 64))).toBeLessThan(1e-4);
    expect(await farthest(clip, expected('sdxl', 2, 'penultimate'), (tokens) => columns(tokens, 64, 128))).toBeLessThan(1e-4);
    const [encoded] = await clip.encode(short[0] ?? '');
    const pooled = of('sdxl').text['encoder 2']?.pooled?.[0];
    expect(pooled && encoded?.pooled && apart(encoded.pooled, pooled)).toBeLessThan(1e-4);
  });

  it('use the one encoder of the refiner', async () => {
    const { clip } = await models.checkpoint('sdxl-refiner');
    expect(await farthest(clip, expected('sdxl-refiner', 1, 'penultimate'))).toBeLessThan(1e-4);
  });
});

describe('other exports of a U-Net', () => {
  const exported = async (variant: string) => (await models.checkpoint(`${variant}/sd15`)).model;
  const expected = of('sd15').unet['500'];

  it('runs one with fp16 inputs and outputs', async () => {
    const found = await (await exported('half')).predict(unetInput('sd15', 500));
    expect(expected && apart(found, expected)).toBeLessThan(0.02);
  });

  it('runs one that was made for ControlNet without any, at odd sides too', async () => {
    const found = await (await exported('controlled')).predict(unetInput('sd15', 500));
    expect(expected && apart(found, expected)).toBeLessThan(1e-4);
  });

  it('runs one that takes multiples of two only, and names the nearest sizes for others', async () => {
    const model = await exported('even');
    const input = unetInput('sd15', 500);
    const even = { ...input, sample: ramp([2, 4, 8, 6]) };
    const both = [await model.predict(even), await (await models.checkpoint('sd15')).model.predict(even)];
    expect(Math.max(...(both[0]?.data ?? []).map((value, i) => Math.abs(value - (both[1]?.data[i] ?? Number.NaN))))).toBeLessThan(1e-4);
    await expect(model.predict(input)).rejects.toMatchObject({
      code: 'size-mismatch',
      message: expect.stringContaining('multiples of 16 pixels, as it was exported, and the picture is 56×72. Choose 48×64 or 64×80'),
    });
    await expect(model.predict({ ...input, sample: ramp([2, 4, 1, 6]) })).rejects.toThrow('Choose 48×16, or');
  });

  it('runs one of a single size, and names that size for others', async () => {
    const model = await exported('fixed');
    const input = unetInput('sd15', 500);
    expect((await model.predict({ ...input, sample: ramp([2, 4, 8, 8]) })).dims).toEqual([2, 4, 8, 8]);
    await expect(model.predict(input)).rejects.toThrow('was exported for one size only, and the picture is 56×72. Choose 64×64,');
    await expect(model.predict({ ...input, sample: ramp([2, 4, 8, 8]), tokens: ramp([2, 154, 64]) })).rejects.toThrow('is longer than');
  });
});
