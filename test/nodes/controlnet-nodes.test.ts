import { describe, expect, it } from 'vitest';
import { conditioned, guided } from '../../nodes/diffusion/guidance.ts';
import canny from '../../nodes/image/canny.node.ts';
import {
  type Conditionings,
  type ControlNetwork,
  type DiffusionModel,
  type NetworkInput,
  sizeOf,
  type Tensor,
  zeros,
} from '../../nodes/kit/index.ts';
import setArea from '../../nodes/text/conditioning-set-area.node.ts';
import apply from '../../nodes/text/control-net-apply.node.ts';
import applyAdvanced from '../../nodes/text/control-net-apply-advanced.node.ts';
import { fakeModel, prompt } from './diffusion/fake-model.ts';
import { ramp, runNode } from './node-runs.ts';

/** A ControlNet that adds the mean of its picture, and remembers what it was shown. */
function fakeControl(name: string): ControlNetwork & { readonly seen: { input: NetworkInput; hint: Tensor }[] } {
  const seen: { input: NetworkInput; hint: Tensor }[] = [];
  return {
    name,
    seen,
    residuals: async (input, hint, strength) => {
      seen.push({ input: { ...input, sample: { ...input.sample, data: input.sample.data.slice() } }, hint });
      const mean = hint.data.reduce((sum, value) => sum + value, 0) / hint.data.length;
      const one = { dims: [1, 1, 1, 1], data: Float32Array.of(mean * strength) };
      return { down: [one], middle: one };
    },
  };
}

/** A U-Net that predicts what its ControlNet adds in the middle. */
function steerable(): DiffusionModel & { readonly runs: NetworkInput[] } {
  const model = fakeModel();
  return {
    ...model,
    predict: async (input) => {
      model.runs.push(input);
      const dims = [input.sample.dims[0] ?? 0, 4, ...input.sample.dims.slice(2)];
      return { dims, data: new Float32Array(sizeOf(dims)).fill(input.control?.middle.data[0] ?? 0) };
    },
  };
}

const grey = (value: number, [height, width]: readonly [number, number] = [64, 64]) => ({
  dims: [1, height, width, 3],
  data: new Float32Array(3 * height * width).fill(value),
});
const x = zeros([2, 4, 8, 8]);
/** x̂₀ of x = 0 is −σ·ε̂: what the network predicted. */
const predicted = (denoised: Tensor, sigma: number): number => -(denoised.data[0] ?? 0) / sigma;

async function applied(network: ControlNetwork, more: { strength?: number; start_percent?: number; end_percent?: number } = {}) {
  const inputs = { strength: 1, start_percent: 0, end_percent: 1, vae: undefined, ...more };
  const { outputs } = await runNode(applyAdvanced, {
    positive: [prompt(1)],
    negative: [prompt(2)],
    control_net: network,
    image: grey(0.5),
    ...inputs,
  });
  return outputs;
}

describe('“Apply ControlNet”', () => {
  it('steers both prompts in one run of both networks, with what the model is told', async () => {
    const [model, network] = [steerable(), fakeControl('a')];
    const { positive, negative } = await applied(network, { strength: 0.5 });
    const denoised = await guided(model, { positive, negative, cfg: 3 })(x, 2);
    expect(predicted(denoised, 2)).toBeCloseTo(0.25, 5);
    expect(network.seen).toHaveLength(1);
    expect(model.runs).toHaveLength(1);
    expect(network.seen[0]?.hint.dims).toEqual([4, 3, 64, 64]);
    expect(network.seen[0]?.input).toMatchObject({ timestep: model.sampling.timestep(2), tokens: { dims: [4, 3, 2] } });
  });

  it('adds up several, each in its own range of the way', async () => {
    const [model, early, late] = [steerable(), fakeControl('early'), fakeControl('late')];
    const first = await applied(early, { end_percent: 0.5 });
    const { outputs } = await runNode(applyAdvanced, {
      ...{ ...first, control_net: late, image: grey(0.25), strength: 1, start_percent: 0.4, end_percent: 1, vae: undefined },
    });
    const denoise = conditioned(model, outputs.positive);
    const at = async (share: number): Promise<number> => {
      const sigma = model.sampling.percentToSigma(share);
      return predicted(await denoise(x, sigma), sigma);
    };
    expect(await at(0.2)).toBeCloseTo(0.5, 5);
    expect(await at(0.45)).toBeCloseTo(0.75, 5);
    expect(await at(0.8)).toBeCloseTo(0.25, 5);
    expect([early.seen.length, late.seen.length]).toEqual([2, 2]);
  });

  it('of strength 0 changes nothing, and refuses a range that ends before it begins', async () => {
    const { positive } = await applied(fakeControl('a'), { strength: 0 });
    expect(positive).toEqual([prompt(1)]);
    await expect(applied(fakeControl('a'), { start_percent: 0.5, end_percent: 0.2 })).rejects.toMatchObject({ code: 'bad-value' });
  });

  it('shows a prompt with a rectangle its own piece of the picture, fitted around the middle', async () => {
    const [model, network] = [steerable(), fakeControl('a')];
    // 128 wide for 64: a quarter on each side is left out.
    const picture = ramp([1, 64, 128, 3]);
    const area = await runNode(setArea, { conditioning: [prompt(1)], width: 32, height: 24, x: 8, y: 16, strength: 1 });
    const { outputs } = await runNode(apply, {
      conditioning: area.outputs.CONDITIONING,
      control_net: network,
      image: picture,
      strength: 1,
    });
    await conditioned(model, outputs.CONDITIONING)(x, 1);
    const { hint } = network.seen[0] ?? { hint: zeros([0]) };
    expect(hint.dims).toEqual([2, 3, 24, 32]);
    expect(hint.data[(1 * 24 + 3) * 32 + 5]).toBe(picture.data[((16 + 3) * 128 + 32 + 8 + 5) * 3 + 1]);
  });

  it('runs prompts with other ControlNets apart', async () => {
    const [model, a, b] = [steerable(), fakeControl('a'), fakeControl('b')];
    const both: Conditionings = [...(await applied(a)).positive, ...(await applied(b)).positive];
    await conditioned(model, both)(x, 1);
    expect(model.runs.map(({ sample }) => sample.dims[0])).toEqual([2, 2]);
  });

  it('shows x alone to the ControlNet of an inpainting model', async () => {
    const [model, network] = [steerable(), fakeControl('a')];
    await conditioned({ ...model, inpaints: true }, (await applied(network)).positive)(x, 1);
    expect([network.seen[0]?.input.sample.dims, model.runs[0]?.sample.dims]).toEqual([
      [2, 4, 8, 8],
      [2, 9, 8, 8],
    ]);
  });
});

describe('“Apply ControlNet (one prompt)”', () => {
  it('steers the unwanted prompt too, unless that has its own', async () => {
    const [model, network, own] = [steerable(), fakeControl('a'), fakeControl('own')];
    const { outputs } = await runNode(apply, { conditioning: [prompt(1)], control_net: network, image: grey(0.5), strength: 1 });
    await guided(model, { positive: outputs.CONDITIONING, negative: [prompt(2)], cfg: 3 })(x, 1);
    expect(network.seen[0]?.hint.dims[0]).toBe(4);
    await guided(model, { positive: outputs.CONDITIONING, negative: (await applied(own)).negative, cfg: 3 })(x, 1);
    expect([network.seen[1]?.hint.dims[0], own.seen[0]?.hint.dims[0]]).toEqual([2, 2]);
  });
});

describe('“Canny edges”', () => {
  const drawn = (inside: (x: number, y: number) => number) => ({
    dims: [1, 24, 32, 3],
    data: Float32Array.from({ length: 24 * 32 * 3 }, (_, i) => inside(Math.floor(i / 3) % 32, Math.floor(i / 96))),
  });
  const edges = async (image: Tensor, low_threshold = 0.4, high_threshold = 0.8) =>
    (await runNode(canny, { image, low_threshold, high_threshold })).outputs.IMAGE;

  it('draws the outline of a square one pixel wide, and nothing inside', async () => {
    const { dims, data } = await edges(drawn((x, y) => (x >= 8 && x < 24 && y >= 6 && y < 18 ? 1 : 0)));
    const at = (x: number, y: number): number => data[(y * 32 + x) * 3] ?? Number.NaN;
    expect(dims).toEqual([1, 24, 32, 3]);
    expect(Array.from({ length: 32 }, (_, x) => at(x, 12)).filter((value) => value === 1).length).toBeLessThanOrEqual(4);
    expect([at(7, 12) + at(8, 12) > 0, at(23, 12) + at(24, 12) > 0, at(16, 5) + at(16, 6) > 0, at(16, 12), at(2, 2)]).toEqual([
      true,
      true,
      true,
      0,
      0,
    ]);
  });

  it('follows an edge that becomes weaker down to “low”, and begins none there', async () => {
    // A step whose height falls from 0.5 above to 0.15 below, of strength 2.4 times that or so.
    const fading = drawn((x, y) => (x < 16.5 - 0.05 * y ? 0 : 0.5 - 0.35 * (y / 23)));
    const rows = async (low: number, high: number): Promise<number> => {
      const { data } = await edges(fading, low, high);
      return Array.from({ length: 24 }, (_, y) => data.slice(y * 96, (y + 1) * 96).some((value) => value === 1)).filter(Boolean).length;
    };
    expect(await rows(0.9, 0.9)).toBeLessThan(await rows(0.3, 0.9));
    expect(await rows(0.3, 0.99)).toBeGreaterThanOrEqual(20);
    await expect(edges(fading, 0.9, 0.2)).rejects.toMatchObject({ code: 'bad-value' });
  });
});
