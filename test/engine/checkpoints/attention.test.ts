import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { attentionTo } from '../../../nodes/diffusion/attention-pictures.ts';
import { type DiffusionModel, zeros } from '../../../nodes/kit/index.ts';
import attentionMaps from '../../../nodes/sample/attention-maps.node.ts';
import { openRuntime } from '../../../server/engine/models/onnx.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { runNode } from '../../nodes/node-runs.ts';
import { floats, writeSafetensors } from './safetensors-file.ts';
import { kindOf, ramp, singleFile, uniform, writeSingleFile } from './tiny-checkpoints.ts';

const Some = z.object({ shape: z.array(z.number()), step: z.number(), values: z.array(z.number()) });
/** Values of diffusers, made by test/reference/make_attention.py. */
const { kinds } = z
  .object({ kinds: z.record(z.string(), z.array(Some)) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../reference/attention.json'), 'utf8')));

let root = '';
let models: EngineModels;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'attention-'));
  for (const kind of ['sd15', 'sdxl']) await writeSingleFile(join(root, `${kind}.safetensors`), singleFile(kind));
  models = new EngineModels(root, await openRuntime('cpu'), { graphs: join(root, 'graphs') });
});
afterAll(async () => {
  await models.close();
  await rm(root, { recursive: true, force: true });
});

const inputOf = (kind: string) => ({
  sample: ramp('sample', [2, 4, 9, 7]),
  timestep: 421,
  tokens: ramp('context', [2, 77, kindOf(kind).results.encoders.reduce((sum, { last }) => sum + (last.shape[2] ?? 0), 0)]),
  ...(kind === 'sdxl' ? { pooled: ramp('pooled', [2, 64]), sizes: sizesOf() } : {}),
});

/** The sizes of make_checkpoints.py, two pictures of six numbers. */
function sizesOf() {
  const { data } = ramp('sizes', [2, 6], { factor: 100, shift: 300 });
  return [0, 6].map((at) => {
    const [height = 0, width = 0, cropTop = 0, cropLeft = 0, targetHeight = 0, targetWidth = 0] = data.subarray(at, at + 6);
    return { height, width, cropTop, cropLeft, targetHeight, targetWidth, aesthetic: 6 };
  });
}

const mapsOf = async (model: DiffusionModel, kind: string) => (await model.attention?.(inputOf(kind))) ?? [];

describe.each(Object.entries(kinds))('the cross-attention of a checkpoint of %s', (kind, expected) => {
  it('is as in diffusers in every layer, at the sizes that it says', async () => {
    const { model } = await models.checkpoint(`${kind}.safetensors`);
    const maps = await mapsOf(model, kind);
    expect(maps).toHaveLength(expected.length);
    for (const [i, { shape, step, values }] of expected.entries()) {
      const weights = maps[i]?.weights;
      expect(weights?.dims).toEqual(shape);
      for (const [j, value] of values.entries()) expect(Math.abs((weights?.data[j * step] ?? Number.NaN) - value)).toBeLessThan(1e-5);
    }
    expect(attentionTo(maps, 1, { size: { height: 9, width: 7 }, factor: 2 })).toHaveLength(9 * 7 * 4);
    const prediction = await model.predict(inputOf(kind));
    expect(prediction.dims).toEqual([2, 4, 9, 7]);
  });

  it('is drawn for each word by “Attention maps”', async () => {
    const { model, clip } = await models.checkpoint(`${kind}.safetensors`);
    const x_t = {
      samples: ramp('sample', [1, 4, 8, 8]),
      scale: model.latent.scale,
      noise: { sigma: 2, form: 'exploding' as const },
    };
    const run = { model, clip, x_t, prompt: 'a cat', enlarge: 2 };
    const { pictures } = await runNode(attentionMaps, run, {
      resize: async ({ dims: [count = 0] }, { width, height }) => zeros([count, height, width, 3]),
    });
    expect(pictures).toHaveLength(1);
  });
});

describe('with a LoRA', () => {
  it('the changed network is looked into', async () => {
    await mkdir(join(root, 'loras'));
    const key = Object.keys(singleFile('sd15')).find((name) => /down_blocks|input_blocks.*attn2\.to_k\.weight$/.test(name)) ?? '';
    const shape = singleFile('sd15')[key]?.shape ?? [];
    const [rows = 0, columns = 0] = shape;
    const layer = `lora_unet_${key.replace('model.diffusion_model.', '').replace('.weight', '').replaceAll('.', '_')}`;
    await writeSafetensors(join(root, 'loras/sharp.safetensors'), {
      [`${layer}.lora_down.weight`]: floats([1, columns], Float32Array.from(uniform('down', columns))),
      [`${layer}.lora_up.weight`]: floats([rows, 1], Float32Array.from(uniform('up', rows))),
    });
    const { model } = await models.checkpoint('sd15.safetensors');
    const warned: string[] = [];
    const changed = {
      ...model,
      ...(await model.withLora?.({ name: 'sharp.safetensors', strength: 1 }, (sentence) => warned.push(sentence))),
    };
    const [before, after] = [await mapsOf(model, 'sd15'), await mapsOf(changed, 'sd15')];
    const apart = before.map(({ weights }, i) =>
      Math.max(...weights.data.map((value, j) => Math.abs(value - (after[i]?.weights.data[j] ?? Number.NaN)))),
    );
    expect(apart[0]).toBeGreaterThan(1e-4);
    expect(warned).toEqual([]);
  });
});
