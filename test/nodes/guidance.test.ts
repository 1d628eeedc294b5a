import { describe, expect, it } from 'vitest';
import { shiftedFlow } from '../../nodes/diffusion/continuous-sampling.ts';
import { cfgGuider, conditioned, dualGuider, guided, perpNegGuider } from '../../nodes/diffusion/guidance.ts';
import { samplerNamed } from '../../nodes/diffusion/ksampler-steps.ts';
import { noNoise, seededNoise } from '../../nodes/diffusion/noise.ts';
import { promptParts } from '../../nodes/diffusion/prompt-parts.ts';
import { thresholdedGuess } from '../../nodes/diffusion/thresholding.ts';
import type { Conditioning, DiffusionModel, Guider, Latent, NetworkInput, Noise } from '../../nodes/kit/index.ts';
import addNoise from '../../nodes/latent/add-noise.node.ts';
import threshold from '../../nodes/sample/dynamic-thresholding.node.ts';
import loop from '../../nodes/sample/sampler-custom-advanced.node.ts';
import { apart, fakeModel, prompt } from './diffusion/fake-model.ts';
import { ramp, runNode } from './node-runs.ts';

const x = ramp([1, 4, 2, 3]);
const sides = { first: [prompt(1)], second: [prompt(0.5)], negative: [prompt(-1)] };
const perpendicular = { positive: [prompt(1)], negative: [prompt(-1)], empty: [prompt(0)] };

describe('guiders', () => {
  it.each([
    ['CFG', 2, (model: DiffusionModel) => cfgGuider(model, { positive: [prompt(1)], negative: [prompt(-1)], cfg: 3 })],
    ['CFG of 1', 1, (model: DiffusionModel) => cfgGuider(model, { positive: [prompt(1)], negative: [prompt(-1)], cfg: 1 })],
    ['dual', 3, (model: DiffusionModel) => dualGuider(model, { ...sides, cfgFirst: 2, cfgSecond: 3, nested: false })],
    ['dual, second of 1', 2, (model: DiffusionModel) => dualGuider(model, { ...sides, cfgFirst: 2, cfgSecond: 1, nested: false })],
    ['dual, both of 1', 1, (model: DiffusionModel) => dualGuider(model, { ...sides, cfgFirst: 1, cfgSecond: 1, nested: false })],
    ['nested', 3, (model: DiffusionModel) => dualGuider(model, { ...sides, cfgFirst: 1, cfgSecond: 1, nested: true })],
    ['Perp-Neg', 3, (model: DiffusionModel) => perpNegGuider(model, { ...perpendicular, cfg: 2, negativeScale: 1 })],
    [
      'Perp-Neg without its unwanted part',
      2,
      (model: DiffusionModel) => perpNegGuider(model, { ...perpendicular, cfg: 2, negativeScale: 0 }),
    ],
  ] as const)('%s: %i prompts in one run of the network', async (_, prompts, guiderFor) => {
    const model = fakeModel();
    const guider: Guider = guiderFor(model);
    await guider.denoise(x, 2);
    expect(model.runs.map(({ sample }) => sample.dims[0])).toEqual([prompts]);
    model.runs.length = 0;
    await guider.denoiseBoth?.(x, 2);
    expect(model.runs[0]?.sample.dims[0], 'all sides, for samplers that want both').toBe(Math.max(prompts, _.startsWith('CFG') ? 2 : 3));
  });

  it('name the side whose prompt is missing', async () => {
    const model = fakeModel();
    expect(() => dualGuider(model, { ...sides, second: [], cfgFirst: 2, cfgSecond: 3, nested: false })).toThrow(
      /The second conditioning is empty/,
    );
    expect(() => perpNegGuider(model, { ...perpendicular, empty: [], cfg: 2, negativeScale: 1 })).toThrow(
      /The empty conditioning is empty/,
    );
  });

  it('clip a guess at its percentile and shrink it to the limit, item by item', () => {
    // |values| of the first item: 0 … 9; floor(0.8·10) = 8 is the bound, and 4 the limit. The second item stays within it.
    const data = Float32Array.from([0, -1, 2, -3, 4, -5, 6, -7, 8, -9, ...Array.from({ length: 10 }, (_, i) => i / 3)]);
    const { data: clipped } = thresholdedGuess({ dims: [2, 1, 2, 5], data }, { percentile: 0.8, limit: 4 });
    expect([...clipped.slice(0, 10)]).toEqual([0, -0.5, 1, -1.5, 2, -2.5, 3, -3.5, 4, -4]);
    expect([...clipped.slice(10)]).toEqual([...data.slice(10)]);
  });

  it('of a threshold keep every guess within the limit', async () => {
    const model = fakeModel();
    const wild = cfgGuider(model, { positive: [prompt(9)], negative: [prompt(-9)], cfg: 40 });
    const { outputs } = await runNode(threshold, { guider: wild, percentile: 0.9, limit: 4 });
    const most = (data: Float32Array): number => data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    expect(most((await wild.denoise(x, 3)).data)).toBeGreaterThan(10);
    expect(most((await outputs.GUIDER.denoise(x, 3)).data)).toBeCloseTo(4, 5);
    expect(most((await outputs.GUIDER.denoiseBoth?.(x, 3))?.denoised.data ?? new Float32Array(1))).toBeCloseTo(4, 5);
  });
});

describe('prompts', () => {
  const weights = (conditioning: Partial<Conditioning>, cells = { height: 12, width: 16 }) =>
    promptParts([[{ ...prompt(1), ...conditioning }]], fakeModel().sampling, cells)[0]?.[0];

  it('fade towards the edges of an area that lie inside the picture, over a quarter of it and 8 cells at most', () => {
    const area = { unit: 'cells', x: 8, y: 0, width: 8, height: 12 } as const;
    const { weight } = weights({ area, strength: 2 }) ?? {};
    if (!(weight instanceof Float32Array)) throw new Error('An area has a weight for each cell.');
    // On the left 8/4 = 2 cells: 1/2, then 1. The right side and top and bottom are the picture's own.
    for (const row of [0, 5, 11]) expect([...weight.slice(row * 8, row * 8 + 8)]).toEqual([1, 2, 2, 2, 2, 2, 2, 2]);
    const wide = weights({ area: { unit: 'share', x: 0, y: 0, width: 0.5, height: 1 } }, { height: 1, width: 80 })?.weight;
    expect(wide instanceof Float32Array && [...wide.slice(30)]).toEqual(
      [1, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125].map(Math.fround),
    );
  });

  it('say so when their area lies outside', () => {
    expect(() => weights({ area: { unit: 'cells', x: 16, y: 0, width: 4, height: 4 } })).toThrow(/outside of the latent of 16 × 12 cells/);
  });

  it('cost no run of the network outside of their range', async () => {
    const model = fakeModel();
    const denoise = conditioned(model, [
      { ...prompt(1), end: 0.5 },
      { ...prompt(2), start: 0.5 },
    ]);
    for (const sigma of [10, 0.1]) await denoise(x, sigma);
    expect(model.runs.map(({ tokens }) => [tokens.dims[0], tokens.data[0]])).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  it('tell the network the size of the picture where they say nothing, and how good it is by their side', async () => {
    const model = fakeModel();
    const size = { width: 100, height: 200, cropLeft: 1, cropTop: 2, targetWidth: 3, targetHeight: 4 };
    await guided(model, { positive: [{ ...prompt(1), size, aesthetic: 7 }], negative: [prompt(-1)], cfg: 3 })(x, 2);
    const told: NetworkInput['sizes'] = model.runs[0]?.sizes;
    expect(told).toEqual([
      { ...size, aesthetic: 7 },
      { width: 24, height: 16, cropLeft: 0, cropTop: 0, targetWidth: 24, targetHeight: 16, aesthetic: 2.5 },
    ]);
  });

  it('that stand in for another on the same area take over what it tells the network', async () => {
    const model = fakeModel();
    const negative = [{ ...prompt(-1), aesthetic: 1 }];
    const area = { unit: 'cells', x: 0, y: 0, width: 2, height: 1 } as const;
    await guided(model, { positive: [prompt(1), { ...prompt(2), area, aesthetic: 9 }], negative, cfg: 3 })(x, 2);
    const small = model.runs.find(({ sample }) => sample.dims[3] === 2);
    expect(small?.sizes?.map(({ aesthetic }) => aesthetic)).toEqual([9, 1]);
  });
});

describe('noise added by hand', () => {
  const flow = { ...fakeModel(), sampling: shiftedFlow(3) };
  const levels = Float32Array.from([0.9, 0.7, 0.4, 0]);
  const picture: Latent = { samples: ramp([1, 4, 2, 3]) };

  it('is what the loop would add on a straight path', async () => {
    const { outputs } = await runNode(addNoise, { model: flow, noise: seededNoise(3n), sigmas: levels, latent_image: picture });
    const guider = cfgGuider(flow, { positive: [prompt(1)], negative: [prompt(-1)], cfg: 2 });
    const sampled = async (latent_image: Latent, noise: Noise) => {
      const inputs = { guider, noise, sampler: samplerNamed('euler'), sigmas: levels, latent_image, preview: 'off' } as const;
      return (await runNode(loop, inputs)).outputs.output.samples;
    };
    expect(apart(await sampled(outputs.LATENT, noNoise), await sampled(picture, seededNoise(3n)))).toBeLessThan(1e-5);
  });

  it('is refused where nothing of the picture would be left', async () => {
    const inputs = { model: flow, noise: seededNoise(3n), sigmas: Float32Array.of(1, 0), latent_image: picture };
    await expect(async () => runNode(addNoise, inputs)).rejects.toThrow(/At σ = 1 nothing of the picture is left/);
  });
});
