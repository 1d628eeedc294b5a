import { describe, expect, it } from 'vitest';
import { modelSampling } from '../../../nodes/diffusion/model-sampling.ts';
import { torchNormal } from '../../../nodes/diffusion/random.ts';
import { samplerNames, samplers } from '../../../nodes/diffusion/samplers/index.ts';
import { sigmaSchedules } from '../../../nodes/diffusion/sigma-schedules.ts';
import type { Denoise, Sigmas, Tensor } from '../../../nodes/kit/index.ts';
import { finish, stableDiffusion } from './fake-model.ts';
import reference from './samplers.json' with { type: 'json' };

const sampling = modelSampling(stableDiffusion, 'epsilon');
const map = ({ dims, data }: Tensor, change: (value: number) => number): Tensor => ({ dims, data: data.map(change) });

/** The denoiser of samplers.py. */
const madeUp: Denoise = async (x, sigma) =>
  map(x, (value) => Math.tanh(value / Math.sqrt(1 + sigma * sigma)) * 0.9 + 0.05 * Math.cos(value));

/** The exact denoiser where all pictures are drawn from N(mean, spread²). */
const gaussian =
  (mean: number, spread: number): Denoise =>
  async (x, sigma) =>
    map(x, (value) => (spread ** 2 * value + sigma ** 2 * mean) / (spread ** 2 + sigma ** 2));

async function run(
  name: (typeof samplerNames)[number],
  x: Tensor,
  { denoise, sigmas, seed = 1n }: { denoise: Denoise; sigmas: Sigmas; seed?: bigint },
) {
  return finish(samplers[name](denoise, x, { sigmas, noise: torchNormal(seed), sampling }));
}

const start = (size: number, seed = 4n): Tensor => map(torchNormal(seed)([1, 1, 1, size]), (value) => value * sampling.sigmaMax);

describe('samplers', () => {
  it.each(samplerNames)('%s gives what torch gives for the same rule and seed', async (name) => {
    const sigmas = Float32Array.from(reference.sigmas);
    const x = map(torchNormal(4n)(reference.shape), (value) => value * (sigmas[0] ?? 0));
    const { result } = await run(name, x, { denoise: madeUp, sigmas, seed: BigInt(reference.seed) });
    reference.results[name].forEach((value, i) => {
      expect(result.data[i], `${name} ${i}`).toBeCloseTo(value, 4);
    });
  });

  it.each(samplerNames)('%s tells every step once, with its level and the clean guess', async (name) => {
    const sigmas = sigmaSchedules.karras(sampling, 5);
    const { events } = await run(name, start(8), { denoise: madeUp, sigmas });
    expect(events.map(({ index, total, sigma }) => [index, total, sigma])).toEqual([0, 1, 2, 3, 4].map((i) => [i, 5, sigmas[i]]));
    for (const { x, denoised, sigma } of events) expect(denoised).toEqual(await madeUp(x, sigma));
  });

  it.each([
    ['euler', 1],
    ['ddim', 1],
    ['heun', 2],
    ['dpmpp_2m', 2],
  ] as const)('%s comes nearer to the exact path with more steps, at order %i', async (name, order) => {
    const [mean, spread, end] = [0.4, 0.6, 0.5];
    const x = start(16);
    const error = async (steps: number): Promise<number> => {
      const sigmas = Float32Array.from({ length: steps + 1 }, (_, i) => sampling.sigmaMax * (end / sampling.sigmaMax) ** (i / steps));
      const { result } = await run(name, x, { denoise: gaussian(mean, spread), sigmas });
      const shrink = Math.sqrt((spread ** 2 + end ** 2) / (spread ** 2 + sampling.sigmaMax ** 2));
      return result.data.reduce((sum, value, i) => sum + Math.abs(value - (mean + shrink * ((x.data[i] ?? 0) - mean))), 0) / 16;
    };
    expect((await error(20)) / (await error(40))).toBeGreaterThan(0.85 * 2 ** order);
    expect(await error(80)).toBeLessThan(0.05);
  });

  it.each(['euler_ancestral', 'ddpm'] as const)('%s draws from the distribution of the pictures', async (name) => {
    const x = start(20_000);
    const { result } = await run(name, x, { denoise: gaussian(0.4, 0.6), sigmas: sigmaSchedules.karras(sampling, 100) });
    const mean = result.data.reduce((sum, value) => sum + value, 0) / result.data.length;
    const spread = Math.sqrt(result.data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / result.data.length);
    expect(Math.abs(mean - 0.4)).toBeLessThan(0.03);
    expect(Math.abs(spread - 0.6)).toBeLessThan(0.05);
  });

  it.each(samplerNames)('%s does not write into what it was given', async (name) => {
    const x = start(8);
    const before = Float32Array.from(x.data);
    await run(name, x, { denoise: madeUp, sigmas: sigmaSchedules.normal(sampling, 3) });
    expect(x.data).toEqual(before);
  });
});
