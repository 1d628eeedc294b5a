import { mkdir, mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipWithLora, modelWithLora } from '../../../nodes/diffusion/lora-on-wires.ts';
import type { Checkpoint, Tensor } from '../../../nodes/kit/index.ts';
import { readLora } from '../../../server/engine/models/loras/lora-file.ts';
import { openRuntime, type Runtime } from '../../../server/engine/models/onnx.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { openSession } from '../../../server/engine/session.ts';
import { dataFolders } from '../../../server/files/paths.ts';
import { floats, writeSafetensors } from './safetensors-file.ts';
import { inHalves, ramp, type SomeValues, singleFile, writeDiffusersFolder, writeSingleFile } from './tiny-checkpoints.ts';
import { loraCases, loraNames, loraTensors } from './tiny-loras.ts';

let root = '';
let runtime: Runtime;
let models: EngineModels;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'loras-'));
  runtime = await openRuntime('cpu');
  await mkdir(join(root, 'loras/sub'), { recursive: true });
  for (const name of loraNames) await writeSafetensors(join(root, `loras/sub/${name}.safetensors`), loraTensors(name));
  for (const name of ['sd15', 'sdxl']) await writeSingleFile(join(root, `${name}.safetensors`), singleFile(name));
  models = new EngineModels(root, runtime, { graphs: join(root, 'graphs') });
});
afterAll(async () => {
  await models.close();
  await rm(root, { recursive: true, force: true });
});

const silent = (): void => undefined;
const file = (name: string): string => `sub/${name}.safetensors`;

/** The largest difference as a share of the largest value. */
function difference(result: Tensor | undefined, { shape, step, values }: SomeValues): number {
  expect(result?.dims).toEqual(shape);
  const largest = Math.max(...values.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - (result?.data[i * step] ?? Number.NaN)))) / largest;
}

const apart = (a: Tensor, b: Tensor): number => a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (b.data[i] ?? 0))), 0);

const sizes = (i: number) => {
  const { data } = ramp('sizes', [2, 6], { factor: 100, shift: 300 });
  const [height = 0, width = 0, cropTop = 0, cropLeft = 0, targetHeight = 0, targetWidth = 0] = data.slice(6 * i, 6 * i + 6);
  return { height, width, cropTop, cropLeft, targetHeight, targetWidth, aesthetic: 6 };
};

function predict({ model }: Pick<Checkpoint, 'model'>, kind: string): Promise<Tensor> {
  const xl = kind === 'sdxl';
  return model.predict({
    sample: ramp('sample', [2, 4, 9, 7]),
    timestep: 421,
    tokens: ramp('context', [2, 77, xl ? 128 : 64]),
    ...(xl ? { pooled: ramp('pooled', [2, 64]), sizes: [sizes(0), sizes(1)] } : {}),
  });
}

async function stacked(checkpoint: Checkpoint, stack: readonly (readonly [string, number])[], warn = silent): Promise<Checkpoint> {
  let { model, clip } = checkpoint;
  for (const [name, strength] of stack) {
    model = await modelWithLora(model, { name: file(name), strength }, warn);
    clip = await clipWithLora(clip, { name: file(name), strength }, warn);
  }
  return { ...checkpoint, model, clip };
}

describe('a LoRA', () => {
  it.each(loraCases.map((one) => [one.stack.map(([name, strength]) => `${name} at ${strength}`).join(' and '), one] as const))(
    '%s: U-Net and text encoders as with diffusers and peft',
    async (_, { kind, stack, unet, features }) => {
      const changed = await stacked(await models.checkpoint(`${kind}.safetensors`), stack);
      expect(difference(await predict(changed, kind), unet)).toBeLessThan(1e-4);
      const [cat] = await changed.clip.encode('a photo of a cat');
      expect(difference(cat?.tokens, features)).toBeLessThan(1e-4);
    },
  );

  it('says its alphas in the notes of diffusers: acts as strongly as with diffusers and peft', async () => {
    const tensors = loraTensors('peft');
    const notes = (settings: object) => ({ lora_adapter_metadata: JSON.stringify(settings) });
    const doubled = { 'unet.r': 3, 'unet.lora_alpha': 6, 'text_encoder.r': 3, 'text_encoder.lora_alpha': 6, 'unet.alpha_pattern': {} };
    await writeSafetensors(join(root, 'loras/sub/noted.safetensors'), tensors, notes(doubled));
    const expected = loraCases.find(({ stack }) => stack.length === 1 && stack[0]?.[0] === 'peft');
    if (expected === undefined) throw new Error('no case');
    const changed = await stacked(await models.checkpoint('sd15.safetensors'), [['noted', 0.5]]);
    expect(difference(await predict(changed, 'sd15'), expected.unet)).toBeLessThan(1e-4);
    const [cat] = await changed.clip.encode('a photo of a cat');
    expect(difference(cat?.tokens, expected.features)).toBeLessThan(1e-4);

    const scales = async (settings: object) => {
      await writeSafetensors(join(root, 'loras/patterns.safetensors'), tensors, notes(settings));
      const { layers } = await readLora(join(root, 'loras/patterns.safetensors'));
      return (end: string) => [...new Set(layers.filter(({ key }) => key.endsWith(end)).map(({ scale }) => scale))];
    };
    const patterned = await scales({
      ...doubled,
      'unet.alpha_pattern': { to_v: 3, '^to_q': 99, o_q: 99 },
      'text_encoder.alpha_pattern': { '^encoder.layers.0.self_attn.q_proj': 12 },
    });
    expect(patterned('to_v')).toEqual([1]);
    expect(patterned('to_q')).toEqual([2]);
    expect(patterned('layers.0.self_attn.q_proj')).toEqual([4]);
    expect(patterned('layers.1.self_attn.q_proj')).toEqual([2]);
    expect((await scales({ 'unet.lora_alpha': 6, 'unet.use_rslora': true }))('to_q')).toEqual([6 / Math.sqrt(3)]);
    expect((await scales({ 'unet.lora_alpha': 6 }))('q_proj')).toEqual([1]);
    await expect(scales({ 'unet.alpha_pattern': { '(a+)+b': 1 } })).rejects.toThrow(/pattern "\(a\+\)\+b", which is no name of a layer/);
    await expect(scales({ 'unet.lora_alpha': 'high' })).rejects.toMatchObject({ code: 'bad-model' });
  });

  it('of several in a row is merged once, into a file of the touched weights alone, which the next start finds again', async () => {
    const graphs = join(root, 'own-graphs');
    const first = new EngineModels(root, runtime, { graphs });
    const plain = await first.checkpoint('sd15.safetensors');
    const before = new Set(await readdir(graphs));
    const stack = [['peft', 0.5] as const, ['peft', 0.25] as const];
    const { model } = await stacked(plain, stack);
    const changed = await predict({ model }, 'sd15');
    const added = (await readdir(graphs)).filter((name) => !before.has(name));
    expect(added).toHaveLength(1);
    const side = await stat(join(graphs, added[0] ?? '', 'changed.safetensors'));
    expect(side.size).toBeLessThan((await stat(join(root, 'sd15.safetensors'))).size / 4);
    const { model: once } = await stacked(plain, [['peft', 0.75]]);
    expect(apart(await predict({ model: once }, 'sd15'), changed)).toBeLessThan(1e-4);
    await first.close();
    const second = new EngineModels(root, runtime, { graphs });
    expect(apart(await predict(await stacked(await second.checkpoint('sd15.safetensors'), stack), 'sd15'), changed)).toBe(0);
    expect((await stat(join(graphs, added[0] ?? '', 'changed.safetensors'))).mtimeMs).toBe(side.mtimeMs);
    await second.close();
  });

  it('is kept on disk up to a bound, the longest unused one goes first, never one that is loaded, and one that went comes back', async () => {
    const data = join(root, 'bounded');
    const graphs = dataFolders(data).graphs;
    const session = await openSession({ device: 'cpu', models: root, data, cacheBytes: 0, mergedBytes: 1 }, new Map());
    const plain = await session.models.checkpoint('sd15.safetensors');
    const plainFolders = new Set(await readdir(graphs));
    const kept = async () => (await readdir(graphs)).filter((name) => !plainFolders.has(name));
    const long = new Date(Date.now() - 3_600_000);
    const merged = async (strength: number) => {
      const before = new Set(await kept());
      const { model } = await stacked(plain, [['peft', strength]]);
      const result = await predict({ model }, 'sd15');
      const [name = ''] = (await kept()).filter((one) => !before.has(one));
      if (name !== '') await utimes(join(graphs, name, 'changed.safetensors'), long, long);
      return { model, name, result };
    };
    const first = await merged(0.5);
    const second = await merged(0.25);
    expect(await kept()).toEqual(expect.arrayContaining([first.name, second.name]));
    await session.unload({});
    const third = await merged(0.75);
    expect(await kept()).toEqual([third.name]);
    expect(apart(await predict(first, 'sd15'), first.result)).toBe(0);
    expect((await kept()).toSorted()).toEqual([first.name, third.name].toSorted());
    await session.close();
  });

  it('at strength 0 changes nothing, and what else was set on the model stays', async () => {
    const plain = await models.checkpoint('sd15.safetensors');
    const rescaled = { ...plain.model, joinGuesses: ({ wanted }: { wanted: Tensor }) => wanted };
    const changed = await modelWithLora(rescaled, { name: file('kohya'), strength: 0.5 }, silent);
    expect(changed.joinGuesses).toBe(rescaled.joinGuesses);
    expect(await modelWithLora(plain.model, { name: file('kohya'), strength: 0 }, silent)).toBe(plain.model);
  });

  it('works on a folder of diffusers, and on weights in halves', async () => {
    await mkdir(join(root, 'folder'));
    await writeDiffusersFolder(join(root, 'folder'), 'sd15');
    await writeSingleFile(join(root, 'half.safetensors'), inHalves(singleFile('sd15'), 'F16'));
    const [expected] = loraCases;
    if (expected === undefined) throw new Error('no case');
    const folder = await stacked(await models.checkpoint('folder'), expected.stack);
    expect(difference(await predict(folder, 'sd15'), expected.unet)).toBeLessThan(1e-4);
    const half = await stacked(await models.checkpoint('half.safetensors'), expected.stack);
    expect(difference(await predict(half, 'sd15'), expected.unet)).toBeLessThan(2e-2);
  });

  it('of another family is refused in a sentence', async () => {
    const small = await models.checkpoint('sd15.safetensors');
    await expect(modelWithLora(small.model, { name: file('peft-xl'), strength: 1 }, silent)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/made for another family of models: /),
    });
    await writeSafetensors(join(root, 'loras/strange.safetensors'), {
      'lora_unet_nothing_like_it.lora_down.weight': floats([1, 4], [1, 2, 3, 4]),
      'lora_unet_nothing_like_it.lora_up.weight': floats([4, 1], [1, 2, 3, 4]),
    });
    await expect(modelWithLora(small.model, { name: 'strange.safetensors', strength: 1 }, silent)).rejects.toThrow(/none of its 1 layers/);
  });

  it('with layers that fit nothing says how many, and uses the others', async () => {
    await writeSafetensors(join(root, 'loras/partly.safetensors'), {
      ...loraTensors('peft'),
      'lora_unet_extra_block.lora_down.weight': floats([1, 2], [1, 2]),
      'lora_unet_extra_block.lora_up.weight': floats([2, 1], [1, 2]),
      'something.else': floats([1], [1]),
    });
    const told: string[] = [];
    const plain = await models.checkpoint('sd15.safetensors');
    const lora = { name: 'partly.safetensors', strength: 1 };
    const partly = await modelWithLora(plain.model, lora, (sentence) => told.push(sentence));
    expect(told).toEqual([
      expect.stringMatching(/^1 of the \d+ layers for a U-Net .* lora_unet_extra_block/),
      expect.stringMatching(/^1 keys .* something\.else/),
    ]);
    expect(apart(await predict({ model: partly }, 'sd15'), await predict(plain, 'sd15'))).toBeGreaterThan(1e-3);
  });

  it('on an ONNX folder, or missing, or of another method, says what to do', async () => {
    const embedded = await models.checkpoint('tiny-emoji');
    await expect(modelWithLora(embedded.model, { name: file('peft'), strength: 1 }, silent)).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringMatching(/ONNX export.*\.safetensors file.*fuse_lora/),
    });
    const small = await models.checkpoint('sd15.safetensors');
    const missing = modelWithLora(small.model, { name: 'sub/kohja.safetensors', strength: 1 }, silent);
    await expect(missing).rejects.toMatchObject({ code: 'missing-model', message: expect.stringContaining('“sub/kohya.safetensors”') });
    await writeSafetensors(join(root, 'loras/dora.safetensors'), { ...loraTensors('peft'), 'unet.x.dora_scale': floats([1], [1]) });
    await expect(modelWithLora(small.model, { name: 'dora.safetensors', strength: 1 }, silent)).rejects.toThrow(/is a DoRA/);
  });
});
