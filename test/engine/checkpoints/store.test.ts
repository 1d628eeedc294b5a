import { link, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, GraphError } from '../../../nodes/kit/index.ts';
import { sweepGraphs } from '../../../server/engine/models/checkpoints/graph-cache.ts';
import { listModels, locateModels, locatePickles } from '../../../server/engine/models/list.ts';
import { openRuntime, type Runtime } from '../../../server/engine/models/onnx.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { floats } from './safetensors-file.ts';
import { inHalves, ramp, singleFile, writeSingleFile } from './tiny-checkpoints.ts';

let root = '';
let models = '';
let graphs = '';
let runtime: Runtime;
let store: EngineModels;
const sd15 = singleFile('sd15');

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'store-'));
  models = join(root, 'models');
  graphs = join(root, 'graphs');
  await mkdir(join(models, 'checkpoints/sub'), { recursive: true });
  await mkdir(join(models, 'loras'));
  await writeSingleFile(join(models, 'checkpoints/tiny.safetensors'), sd15);
  runtime = await openRuntime('cpu');
  store = new EngineModels(models, runtime, { graphs });
});
afterAll(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

const largest = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
const problem = async (work: Promise<unknown>): Promise<GraphError> => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(thrown instanceof GraphError)) throw new Error(`Expected a GraphError, got ${String(thrown)}`);
  return thrown;
};
async function predict({ model, clip }: Checkpoint): Promise<Float32Array> {
  const [conditioning] = await clip.encode('a photo of a cat');
  if (conditioning === undefined) throw new Error('no conditioning');
  return (await model.predict({ sample: ramp('latent', [1, 4, 8, 8]), timestep: 500, tokens: conditioning.tokens })).data;
}

describe('a models folder with .safetensors', () => {
  it('is listed by the names that ComfyUI gives: without checkpoints/, and without what is no checkpoint', async () => {
    await link(join(models, 'checkpoints/tiny.safetensors'), join(models, 'checkpoints/sub/other.safetensors'));
    await writeFile(join(models, 'loras/style.safetensors'), '');
    await writeFile(join(models, 'old.ckpt'), 'a pickle');
    const names = (await locateModels(models)).filter(({ embedded }) => !embedded).map(({ name }) => name);
    expect(names).toEqual(['sub/other.safetensors', 'tiny.safetensors']);
    expect(await locatePickles(models)).toEqual(['old.ckpt']);
    await rm(join(models, 'checkpoints/sub/other.safetensors'));
    const listed = await listModels(models);
    expect(listed.find(({ name }) => name === 'tiny.safetensors')).toMatchObject({ family: 'Stable Diffusion 1', kind: 'single-file' });
  });

  it('may be joined by others', async () => {
    const extra = join(root, 'comfy');
    await mkdir(join(extra, 'checkpoints'), { recursive: true });
    await link(join(models, 'checkpoints/tiny.safetensors'), join(extra, 'checkpoints/more.safetensors'));
    expect((await locateModels(models, [extra])).map(({ name }) => name)).toContain('more.safetensors');
    const other = new EngineModels(models, runtime, { graphs, extra: [extra] });
    expect((await other.checkpoint('more.safetensors')).model.latent).toEqual({ channels: 4, scale: 0.18215, downscale: 8 });
    await other.close();
    await rm(extra, { recursive: true });
  });

  it('refuses pickles with the reason and the remedy, and offers the nearest name for what is missing', async () => {
    const pickle = await problem(store.checkpoint('old.ckpt'));
    expect(pickle.message).toMatch(/runs any program.*\.safetensors/);
    const missing = await problem(store.checkpoint('tinny.safetensors'));
    expect(missing).toMatchObject({ code: 'missing-model', message: expect.stringContaining('“tiny.safetensors”') });
  });
});

describe('a single-file checkpoint', () => {
  it('reads a prompt, predicts, and turns pictures into latents and back; its weights are no second copy', async () => {
    const checkpoint = await store.checkpoint('tiny.safetensors');
    expect(checkpoint.model.sampling.prediction).toBe('epsilon');
    expect((await predict(checkpoint)).length).toBe(4 * 8 * 8);
    const picture = await checkpoint.vae.decode(ramp('latent', [1, 4, 8, 8]));
    expect(picture.dims).toEqual([1, 64, 64, 3]);
    expect((await checkpoint.vae.encode(picture)).dims).toEqual([1, 4, 8, 8]);
    const [folder = ''] = await readdir(graphs);
    const [linked, original] = await Promise.all(
      [join(graphs, folder, 'weights-0.safetensors'), join(models, 'checkpoints/tiny.safetensors')].map((path) => stat(path)),
    );
    expect(linked?.ino).toBe(original?.ino);
  });

  it('in halves computes what it computes in full, within what halves can do', async () => {
    const full = await predict(await store.checkpoint('tiny.safetensors'));
    for (const dtype of ['F16', 'BF16'] as const) {
      await writeSingleFile(join(models, `${dtype}.safetensors`), inHalves(sd15, dtype));
      const half = await predict(await store.checkpoint(`${dtype}.safetensors`));
      const scale = full.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largest(full, half) / scale).toBeLessThan(dtype === 'F16' ? 5e-3 : 8e-2);
      expect(largest(full, half)).toBeGreaterThan(0);
    }
  });

  it('says which weights are missing, of another shape or of no use, and the engine goes on', async () => {
    const { 'model.diffusion_model.out.2.weight': _, ...incomplete } = sd15;
    await writeSingleFile(join(models, 'incomplete.safetensors'), incomplete);
    expect((await problem(store.checkpoint('incomplete.safetensors'))).message).toContain('conv_out.weight is missing');
    const key = 'model.diffusion_model.time_embed.0.bias';
    await writeSingleFile(join(models, 'wrong.safetensors'), { ...sd15, [key]: floats([3], [1, 2, 3]) });
    expect((await problem(store.checkpoint('wrong.safetensors'))).message).toMatch(/time_embed\.0\.bias has shape \[3\] where \[128\]/);
    await writeSingleFile(join(models, 'nothing.safetensors'), { a: floats([1], [1]) });
    expect((await problem(store.checkpoint('nothing.safetensors'))).message).toContain('no U-Net');
    expect((await predict(await store.checkpoint('tiny.safetensors'))).length).toBe(256);
  });

  it('with weights that are no numbers predicts what is no number, instead of stopping', async () => {
    const key = 'model.diffusion_model.out.2.bias';
    await writeSingleFile(join(models, 'nan.safetensors'), { ...sd15, [key]: floats([4], [Number.NaN, 0, 0, 0]) });
    expect((await predict(await store.checkpoint('nan.safetensors'))).some(Number.isNaN)).toBe(true);
  });

  it('is opened anew when it changes, and its old graphs and links go', async () => {
    const path = join(models, 'changing.safetensors');
    await writeSingleFile(path, sd15);
    const before = await predict(await store.checkpoint('changing.safetensors'));
    const folders = new Set(await readdir(graphs));
    await rm(path);
    const key = 'model.diffusion_model.out.2.bias';
    await writeSingleFile(path, { ...sd15, [key]: floats([4], [5, 5, 5, 5]) });
    expect(largest(before, await predict(await store.checkpoint('changing.safetensors')))).toBeGreaterThan(1);
    const now = new Set(await readdir(graphs));
    expect([...folders].filter((name) => !now.has(name))).toHaveLength(1);
    await rm(path);
    await sweepGraphs(graphs);
    expect((await readdir(graphs)).length).toBe(now.size - 1);
  });
});

describe('a models folder on another file system', () => {
  it('is copied once, which is said', async () => {
    const far = await mkdtemp('/dev/shm/models-');
    try {
      await writeSingleFile(join(far, 'far.safetensors'), sd15);
      const said: string[] = [];
      const other = new EngineModels(far, runtime, { graphs: join(root, 'far-graphs'), say: (sentence) => said.push(sentence) });
      expect((await predict(await other.checkpoint('far.safetensors'))).length).toBe(256);
      await other.close();
      const again = new EngineModels(far, runtime, { graphs: join(root, 'far-graphs'), say: (sentence) => said.push(sentence) });
      await again.checkpoint('far.safetensors');
      expect((await stat(far)).dev, 'the folder of temporary files must not lie in /dev/shm').not.toBe((await stat(root)).dev);
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(/far\.safetensors was copied into .* no hard link/);
    } finally {
      await rm(far, { recursive: true, force: true });
    }
  });
});
