import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stepEvent } from '../../../nodes/diffusion/step-preview.ts';
import { type DiffusionModel, type Picture, scale, type Tensor } from '../../../nodes/kit/index.ts';
import { ModelHashes } from '../../../server/engine/models/hashes.ts';
import { openRuntime } from '../../../server/engine/models/onnx.ts';
import { listParts } from '../../../server/engine/models/part-files.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { floats, type Written, writeSafetensors } from './safetensors-file.ts';
import { ramp, singleFile, uniform, writeSingleFile } from './tiny-checkpoints.ts';

const Some = z.object({ shape: z.array(z.number()), step: z.number(), values: z.array(z.number()) });
/** Values of diffusers’ AutoencoderTiny, made by test/reference/make_taesd.py. */
const reference = z
  .object({ weights: z.record(z.string(), z.array(z.number())), latents: Some, picture: Some })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../reference/taesd.json'), 'utf8')));

const lastBias = 'decoder.layers.18.bias';

/** The weights by diffusers' names. */
function tinyTensors(): Record<string, Written> {
  return Object.fromEntries(
    Object.entries(reference.weights).map(([name, shape]) => {
      const [, ...inner] = shape;
      const spread = inner.length > 0 ? Math.sqrt(3 / inner.reduce((product, side) => product * side, 1)) : 0.1;
      const count = shape.reduce((product, side) => product * side, 1);
      const values = Float32Array.from(uniform(`taesd/${name}`, count), (value) => spread * value + (name === lastBias ? 0.9 : 0));
      return [name, floats(shape, values)];
    }),
  );
}

/** A half by the author's names: its layers alone, the decoder's counted after the one that clamps. */
const half = (which: 'encoder' | 'decoder'): Record<string, Written> =>
  Object.fromEntries(
    Object.entries(tinyTensors()).flatMap(([name, tensor]) => {
      const [part, , number, ...rest] = name.split('.');
      return part === which ? [[[Number(number) + (which === 'decoder' ? 1 : 0), ...rest].join('.'), tensor] as const] : [];
    }),
  );

let root = '';
let models: EngineModels;
const said: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'taesd-'));
  for (const folder of ['vae', 'vae_approx']) await mkdir(join(root, folder));
  const small = singleFile('sd15');
  await writeSingleFile(join(root, 'sd15.safetensors'), small);
  models = new EngineModels(root, await openRuntime('cpu'), { graphs: join(root, 'graphs'), say: (sentence) => said.push(sentence) });
});
afterAll(async () => {
  await models.close();
  await rm(root, { recursive: true, force: true });
});

function difference({ dims, data }: Tensor, { shape, step, values }: z.infer<typeof Some>, told = (value: number) => value): number {
  expect(dims).toEqual(shape);
  return Math.max(...values.map((value, i) => Math.abs(told(value) - (data[i * step] ?? Number.NaN))));
}

/** `[1, h, w, 3]` → `[1, 3, h, w]`. */
function planes({ dims: [, height = 0, width = 0], data }: Tensor): Tensor {
  const plane = height * width;
  return { dims: [1, 3, height, width], data: Float32Array.from(data, (_, i) => data[3 * (i % plane) + Math.floor(i / plane)] ?? 0) };
}

const vaeNames = async (): Promise<string[]> => (await listParts([root])).flatMap(({ kind, name }) => (kind === 'vae' ? [name] : []));

async function equalsDiffusers(name: string, factor: number): Promise<void> {
  const vae = await models.vae(name);
  const decoded = await vae.decode(scale(ramp('latents', [1, 4, 6, 5]), 1 / factor));
  expect(difference(planes(decoded), reference.picture, (value) => Math.min(Math.max((value + 1) / 2, 0), 1))).toBeLessThan(1e-5);
  const picture = ramp('picture', [1, 3, 48, 40]);
  const pixels = {
    dims: [1, 48, 40, 3],
    data: Float32Array.from(picture.data, (_, i) => ((picture.data[(i % 3) * 1920 + Math.floor(i / 3)] ?? 0) + 1) / 2),
  };
  expect(difference(scale(await vae.encode(pixels), factor), reference.latents)).toBeLessThan(1e-5);
}

describe('TAESD', () => {
  it('is no preview and no VAE before its files are there', async () => {
    const { model } = await models.checkpoint('sd15.safetensors');
    expect(model.decodedPreview?.(ramp('latents', [1, 4, 6, 5]))).toBeUndefined();
    expect(await vaeNames()).toEqual([]);
  });

  it('draws previews where its decoder is there, without changing what was loaded; large latents are made smaller', async () => {
    const { model } = await models.checkpoint('sd15.safetensors');
    await writeSafetensors(join(root, 'vae_approx/taesd_decoder.safetensors'), half('decoder'));
    const scaled = ramp('latents', [2, 4, 6, 5]);
    const preview = await expect
      .poll(() => previewOf(model, scaled))
      .toMatchObject({ width: 40, height: 48 })
      .then(() => previewOf(model, scaled));
    const { picture } = reference;
    const shown = picture.values.map((value, i) => {
      const at = i * picture.step;
      const pixel = preview?.rgb[3 * (at % 1920) + Math.floor(at / 1920)] ?? Number.NaN;
      return Math.abs(pixel - 255 * Math.min(Math.max((value + 1) / 2, 0), 1));
    });
    expect(Math.max(...shown)).toBeLessThan(0.51);
    expect(await previewOf(model, ramp('wide', [1, 4, 72, 136]))).toMatchObject({ width: 45 * 8, height: 24 * 8 });
    expect(await vaeNames()).toEqual([]);
  });

  it('is a VAE by ComfyUI’s name with both files, and both count: equal to diffusers’ AutoencoderTiny', async () => {
    await writeSafetensors(join(root, 'vae_approx/taesd_encoder.safetensors'), half('encoder'));
    expect(await vaeNames()).toEqual(['taesd']);
    await equalsDiffusers('taesd', 0.18215);
    const hashes = await new ModelHashes([root], join(root, 'hashes.json')).of({ kind: 'vae', name: 'taesd' });
    expect(Object.keys(hashes).sort()).toEqual(['taesd_decoder.safetensors', 'taesd_encoder.safetensors']);
  });

  it('is read from one file of diffusers too, for XL by its name', async () => {
    await writeSafetensors(join(root, 'vae/taesdxl.safetensors'), tinyTensors());
    expect(await vaeNames()).toEqual(['taesd', 'taesdxl']);
    await equalsDiffusers('taesdxl', 0.13025);
  });

  it('that is damaged is said once, and previews are drawn as without it', async () => {
    await rm(join(root, 'vae_approx/taesd_encoder.safetensors'));
    await writeFile(join(root, 'vae_approx/taesd_decoder.safetensors'), 'nothing');
    const { model } = await models.checkpoint('sd15.safetensors');
    const denoised = ramp('latents', [1, 4, 6, 5]);
    const step = { index: 0, total: 1, sigma: 1, x: denoised, denoised };
    const draw = () => stepEvent(step, model, 'x̂₀ clean').preview?.();
    expect(await draw()).toEqual(model.preview(denoised));
    expect(await draw()).toEqual(model.preview(denoised));
    expect(said.filter((sentence) => /^Previews are drawn without .*taesd_decoder\.safetensors/.test(sentence))).toHaveLength(1);
    await writeSafetensors(join(root, 'vae_approx/taesd_decoder.safetensors'), half('decoder'));
    await expect.poll(async () => draw()).toMatchObject({ width: 40, height: 48 });
  });
});

/** The preview that a decoder draws, if there is one. */
async function previewOf(model: DiffusionModel, scaled: Tensor): Promise<Picture | undefined> {
  return model.decodedPreview?.(scaled);
}
