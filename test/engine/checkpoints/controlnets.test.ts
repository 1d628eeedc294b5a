import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withControl } from '../../../nodes/diffusion/controls.ts';
import { guided } from '../../../nodes/diffusion/guidance.ts';
import { toPixels } from '../../../nodes/diffusion/planes.ts';
import { euler } from '../../../nodes/diffusion/samplers/euler.ts';
import { GraphError, type Image, scale, type Tensor } from '../../../nodes/kit/index.ts';
import { locateModels } from '../../../server/engine/models/list.ts';
import { openRuntime } from '../../../server/engine/models/onnx.ts';
import { locateParts } from '../../../server/engine/models/part-files.ts';
import { EngineModels } from '../../../server/engine/models/store.ts';
import { writeTinyFolder } from '../tiny-models.ts';
import { floats } from './safetensors-file.ts';
import {
  controlled,
  diffusersTensors,
  inHalves,
  ramp,
  type SomeValues,
  singleFile,
  singleFileTensors,
  writeSingleFile,
} from './tiny-checkpoints.ts';

let folder = '';
let models: EngineModels;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'controlnets-'));
  await mkdir(join(folder, 'controlnet/sub'), { recursive: true });
  const file = (name: string): string => join(folder, 'controlnet', name);
  for (const name of ['sd15', 'sdxl']) await writeSingleFile(join(folder, `${name}.safetensors`), singleFile(name));
  await writeSingleFile(file('canny.safetensors'), singleFileTensors('control-sd15-a', 'control_model.'));
  await writeSingleFile(file('bare.safetensors'), singleFileTensors('control-sd15-a', ''));
  await writeSingleFile(file('sub/diffusers.safetensors'), diffusersTensors('control-sd15-a'));
  await writeSingleFile(file('halves.safetensors'), inHalves(diffusersTensors('control-sd15-a'), 'F16'));
  await writeSingleFile(file('depth.safetensors'), diffusersTensors('control-sd15-b'));
  await writeSingleFile(file('sdxl-diffusers.safetensors'), diffusersTensors('control-sdxl-a'));
  await writeSingleFile(file('sdxl-original.safetensors'), singleFileTensors('control-sdxl-a', 'control_model.'));
  await writeTinyFolder('sd15', join(folder, 'exported'), { unet: 'controlled' });
  await writeTinyFolder('sd15', join(folder, 'plain'));
  models = new EngineModels(folder, await openRuntime('cpu'));
});
afterAll(async () => {
  await models.close();
  await rm(folder, { recursive: true, force: true });
});

/** The largest difference from diffusers' values, as a share of the largest of them. */
function difference(result: Tensor | undefined, { shape, step, values }: SomeValues): number {
  expect(result?.dims).toEqual(shape);
  const largest = Math.max(...values.map(Math.abs));
  return Math.max(...values.map((value, i) => Math.abs(value - (result?.data[i * step] ?? Number.NaN)))) / largest;
}

/** What make_controlnets.py runs the networks with. */
const inputOf = (kind: string) => ({
  sample: ramp('sample', [2, 4, 9, 7]),
  timestep: 421,
  tokens: ramp('context', [2, 77, kind === 'sdxl' ? 128 : 64]),
  ...(kind === 'sdxl' ? { pooled: ramp('pooled', [2, 64]), sizes: sizesOf(ramp('sizes', [2, 6], { factor: 100, shift: 300 })) } : {}),
});
const sizesOf = ({ data }: Tensor) =>
  [0, 6].map((at) => ({
    ...{ height: data[at] ?? 0, width: data[at + 1] ?? 0, cropTop: data[at + 2] ?? 0, cropLeft: data[at + 3] ?? 0 },
    ...{ targetHeight: data[at + 4] ?? 0, targetWidth: data[at + 5] ?? 0, aesthetic: 6 },
  }));
const hint = ramp('hint', [2, 3, 72, 56]);

describe.each([
  ['sd15', 'canny.safetensors', 1e-4],
  ['sd15', 'bare.safetensors', 1e-4],
  ['sd15', 'sub/diffusers.safetensors', 1e-4],
  ['sd15', 'halves.safetensors', 5e-3],
  ['sdxl', 'sdxl-diffusers.safetensors', 1e-4],
  ['sdxl', 'sdxl-original.safetensors', 1e-4],
])('a ControlNet of a tiny %s in %s', (kind, name, most) => {
  it('adds what diffusers adds, and the U-Net predicts the same with it', async () => {
    const expected = controlled(kind);
    const input = inputOf(kind);
    const control = await (await models.controlNetwork(name)).residuals(input, hint, 0.7);
    expect(control.down).toHaveLength(expected.down.length);
    for (const [i, one] of expected.down.entries()) expect(difference(control.down[i], one)).toBeLessThan(most);
    expect(difference(control.middle, expected.middle)).toBeLessThan(most);
    const { model } = await models.checkpoint(`${kind}.safetensors`);
    expect(difference(await model.predict({ ...input, control }), expected.unet)).toBeLessThan(most);
  });
});

/** Euler's steps with two ControlNets behind each other, decoded. */
async function draw(sigmas: readonly number[]): Promise<Image> {
  const { model, clip, vae } = await models.checkpoint('sd15.safetensors');
  const prompts = [await clip.encode('a photo of a cat'), await clip.encode('')];
  const pictures = ['hint-a', 'hint-b'].map((name) => toPixels(scale({ ...ramp(name, [1, 3, 64, 64]) }, 1 / 1.7)));
  const networks = [await models.controlNetwork('canny.safetensors'), await models.controlNetwork('depth.safetensors')];
  const added = networks.map((network, i) => {
    const image = pictures[i] ?? { dims: [], data: new Float32Array() };
    return { network, image: { ...image, data: image.data.map(Math.abs) }, strength: [0.8, 0.5][i] ?? 1, start: 0, end: 1 };
  });
  const [positive = [], negative = []] = prompts.map((prompt) => added.reduce(withControl, prompt));
  const steps = euler(guided(model, { positive, negative, cfg: 4 }), scale(ramp('noise', [1, 4, 8, 8]), sigmas[0] ?? 1), {
    sigmas: Float32Array.from(sigmas),
    noise: () => ({ dims: [0], data: new Float32Array() }),
    sampling: model.sampling,
    seed: 0n,
    both: () => Promise.reject(new GraphError('missing-input', 'not needed')),
  });
  let end = await steps.next();
  while (!end.done) end = await steps.next();
  return vae.decode(scale(end.value, 1 / model.latent.scale));
}

describe('ControlNets', () => {
  it('two of them behind each other draw the picture that diffusers draws', async () => {
    const { picture } = controlled('sd15');
    const image = await draw(picture?.sigmas ?? []);
    expect(image.dims).toEqual(picture?.pixels.shape);
    const { step = 1, values = [] } = picture?.pixels ?? {};
    expect(Math.max(...values.map((value, i) => Math.abs(value - (image.data[i * step] ?? Number.NaN))))).toBeLessThan(1e-3);
  });

  it('steer an ONNX export that has inputs for them, and are refused by one that has none', async () => {
    const input = { ...inputOf('sd15'), tokens: ramp('context', [2, 77, 64]) };
    const zero = {
      down: [32, 32, 32, 64],
      cells: [
        [9, 7],
        [9, 7],
        [5, 4],
        [5, 4],
      ],
      middle: [2, 64, 5, 4],
    };
    const residual = (dims: readonly number[], seed: string): Tensor => ramp(seed, dims);
    const control = {
      down: zero.down.map((channels, i) => residual([2, channels, ...(zero.cells[i] ?? [])], `down${i}`)),
      middle: residual(zero.middle, 'middle'),
    };
    const { model } = await models.checkpoint('exported/sd15');
    const [without, steered] = [await model.predict(input), await model.predict({ ...input, control })];
    expect(steered.data.some((value, i) => Math.abs(value - (without.data[i] ?? 0)) > 0.1)).toBe(true);
    const short = { ...control, down: control.down.slice(1) };
    await expect(model.predict({ ...input, control: short })).rejects.toMatchObject({
      code: 'size-mismatch',
      message: /adds to 3 places, and the model has 4/,
    });
    const other = { ...control, middle: residual([2, 32, 5, 4], 'middle') };
    await expect(model.predict({ ...input, control: other })).rejects.toThrow(/it gives \[2, 32, 5, 4\] where \[2, 64, 5, 4\] belongs/);
    const plain = (await models.checkpoint('plain/sd15')).model;
    await expect(plain.predict({ ...input, control })).rejects.toMatchObject({
      code: 'bad-model',
      message: /exported without inputs for ControlNet/,
    });
  });

  it('of another family than the prompt, or of another kind, are refused with the reason', async () => {
    const control = await models.controlNetwork('canny.safetensors');
    await expect(control.residuals(inputOf('sdxl'), hint, 1)).rejects.toThrow(
      /made for Stable Diffusion 1 \(64 numbers a token\), and the prompt has 128/,
    );
    await writeSingleFile(join(folder, 'controlnet/small.safetensors'), { lora_controlnet: floats([0], []) });
    await expect(models.controlNetwork('small.safetensors')).rejects.toMatchObject({ code: 'bad-model', message: /Control-LoRA/ });
    await writeSingleFile(join(folder, 'controlnet/small.safetensors'), { weight: floats([1], [1]) });
    await expect(models.controlNetwork('small.safetensors')).rejects.toThrow(/is no ControlNet/);
    const { 'controlnet_mid_block.bias': _, ...cut } = diffusersTensors('control-sd15-a');
    await writeSingleFile(join(folder, 'controlnet/small.safetensors'), cut);
    await expect(models.controlNetwork('small.safetensors')).rejects.toThrow(/controlnet_mid_block.bias is missing/);
    await rm(join(folder, 'controlnet/small.safetensors'));
    await expect(models.controlNetwork('cannny.safetensors')).rejects.toMatchObject({
      code: 'missing-model',
      message: /Did you mean “canny.safetensors”/,
    });
  });

  it('are listed by their place below controlnet/, of several folders, and are no checkpoints', async () => {
    const extra = join(folder, 'comfy');
    await mkdir(join(extra, 'controlnet'), { recursive: true });
    await link(join(folder, 'controlnet/canny.safetensors'), join(extra, 'controlnet/more.safetensors'));
    await writeFile(join(folder, 'controlnet/old.pth'), 'a pickle');
    const names = (await locateParts('controlnets', [folder, extra])).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['canny.safetensors', 'more.safetensors', 'sub/diffusers.safetensors']));
    expect(names).not.toContain('old.pth');
    expect((await locateModels(folder)).map(({ name }) => name)).not.toContain('canny.safetensors');
    await expect(models.controlNetwork('old.pth')).rejects.toThrow(/runs any program/);
  });
});
