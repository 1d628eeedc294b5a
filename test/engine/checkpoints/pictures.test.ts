import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guided } from '../../../nodes/diffusion/guidance.ts';
import { toUnscaled } from '../../../nodes/diffusion/parameterisation.ts';
import { euler } from '../../../nodes/diffusion/samplers/euler.ts';
import { GraphError, type Image, scale, type Tensor } from '../../../nodes/kit/index.ts';
import { openRuntime } from '../../../server/engine/models/onnx.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { floats } from './safetensors-file.ts';
import { kindOf, ramp, singleFile, writeDiffusersFolder, writeSingleFile } from './tiny-checkpoints.ts';

let folder = '';
let models: EngineModels;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pictures-'));
  models = new EngineModels(folder, await openRuntime('cpu'));
});
afterAll(async () => {
  await models.close();
  await rm(folder, { recursive: true, force: true });
});

/** What make_checkpoints.py has the inpainting model paint anew, `[1, h, w]` in pixels. */
const hole: Tensor = {
  dims: [1, 64, 64],
  data: Float32Array.from({ length: 64 * 64 }, (_, i) => Number(i % 64 >= 24 && i % 64 < 56 && i >= 16 * 64 && i < 48 * 64)),
};

/** Euler's steps from given latents with guidance 4, decoded. */
async function draw(name: string, sigmas: readonly number[], start = sigmas[0] ?? 1): Promise<Image> {
  const { model, clip, vae } = await models.checkpoint(name);
  // Only an inpainting model looks at it.
  const inpaint = { mask: hole, latent: scale(ramp('masked', [1, 4, 8, 8]), 1 / model.latent.scale) };
  const prompts = async (text: string) => (await clip.encode(text)).map((one) => ({ ...one, inpaint }));
  const denoise = guided(model, { positive: await prompts('a photo of a cat'), negative: await prompts(''), cfg: 4 });
  const steps = euler(denoise, scale(ramp('noise', [1, 4, 8, 8]), start), {
    sigmas: Float32Array.from(sigmas),
    noise: () => ({ dims: [0], data: new Float32Array() }),
    sampling: model.sampling,
    seed: 0n,
    both: () => Promise.reject(new GraphError('missing-input', 'not needed')),
  });
  let end = await steps.next();
  while (!end.done) end = await steps.next();
  return vae.decode(toUnscaled(end.value, model.latent));
}

function difference(image: Tensor, { shape, step, values }: { shape: readonly number[]; step: number; values: readonly number[] }): number {
  expect(image.dims).toEqual(shape);
  return Math.max(...values.map((value, i) => Math.abs(value - (image.data[i * step] ?? Number.NaN))));
}

describe.each(['sd15', 'sd21v', 'sdxl', 'inpaint'])('a whole picture of a tiny %s', (name) => {
  const { picture } = kindOf(name).results;

  it('from a folder of diffusers is what diffusers draws', async () => {
    await mkdir(join(folder, name));
    await writeDiffusersFolder(join(folder, name), name);
    expect(difference(await draw(name, picture?.sigmas ?? []), picture?.pixels ?? { shape: [], step: 1, values: [] })).toBeLessThan(1e-3);
  });

  // A single file of Stable Diffusion 2 has a layer more than a folder, which diffusers' pipeline would not leave out.
  if (name === 'sd21v') return;
  it('from a single file is the same', async () => {
    await writeSingleFile(join(folder, `${name}.safetensors`), singleFile(name));
    expect(
      difference(await draw(`${name}.safetensors`, picture?.sigmas ?? []), picture?.pixels ?? { shape: [], step: 1, values: [] }),
    ).toBeLessThan(1e-3);
  });
});

describe('a whole picture of a tiny XL with the levels and latents of Playground 2.5', () => {
  const { playground } = kindOf('sdxl').results;
  if (playground === undefined) throw new Error('no reference');
  const { start, sigmas, pixels } = playground;
  const [mean, deviation] = [
    [-1.6574, 1.886, -1.383, 2.5155],
    [8.4927, 5.9022, 6.5498, 5.2299],
  ];

  it('from a folder is what diffusers draws', async () => {
    const path = join(folder, 'playground');
    await mkdir(path);
    await writeDiffusersFolder(path, 'sdxl');
    const scheduler = { _class_name: 'EDMEulerScheduler', prediction_type: 'epsilon', sigma_min: 0.002, sigma_max: 80, sigma_data: 0.5 };
    await writeFile(join(path, 'scheduler/scheduler_config.json'), JSON.stringify(scheduler));
    const vae = { ...kindOf('sdxl').configs.vae, scaling_factor: 0.5, latents_mean: mean, latents_std: deviation };
    await writeFile(join(path, 'vae/config.json'), JSON.stringify(vae));
    expect(difference(await draw('playground', sigmas, start), pixels)).toBeLessThan(1e-3);
  });

  it('from a single file is the same', async () => {
    const told = { edm_mean: floats([4], mean), edm_std: floats([4], deviation) };
    await writeSingleFile(join(folder, 'playground.safetensors'), { ...singleFile('sdxl'), ...told });
    expect(difference(await draw('playground.safetensors', sigmas, start), pixels)).toBeLessThan(1e-3);
  });
});

it('a single file that says its largest level, as CosXL does, predicts velocity over that range', async () => {
  await writeSingleFile(join(folder, 'cos.safetensors'), { ...singleFile('sdxl'), 'edm_vpred.sigma_max': floats([1], [120]) });
  const { sampling, latent } = (await models.checkpoint('cos.safetensors')).model;
  expect(sampling).toMatchObject({ prediction: 'v_prediction', sigmaMin: 0.002, sigmaMax: 120, sigmaData: 1 });
  expect(latent.scale).toBe(0.13025);
});
