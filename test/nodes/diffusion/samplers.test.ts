import { describe, expect, it } from 'vitest';
import { torchNormal } from '../../../nodes/diffusion/random.ts';
import { type SamplerName, samplerNames, samplers } from '../../../nodes/diffusion/samplers/index.ts';
import { sigmaSchedules } from '../../../nodes/diffusion/sigma-schedules.ts';
import { combine, type Denoise, type DenoiseBoth, type ModelSampling, type Sigmas, type Tensor } from '../../../nodes/kit/index.ts';
import reference from '../../reference/samplers.json' with { type: 'json' };
import { finish } from './fake-model.ts';
import { modelTables } from './model-tables.ts';

const samplingOf = (name: string): ModelSampling => {
  const found = modelTables[name];
  if (found === undefined) throw new Error(`There is no table ${name}.`);
  return found;
};
const sampling = samplingOf('scaled_linear 1000');
const map = ({ dims, data }: Tensor, change: (value: number) => number): Tensor => ({ dims, data: data.map(change) });

/** Both guesses of test/reference/make_samplers.py. */
const guesses =
  (flow: boolean): DenoiseBoth =>
  async (x, sigma) => {
    const shrink = flow ? 1 : 1 / Math.sqrt(1 + sigma * sigma);
    const wanted = map(x, (value) => Math.tanh(value * shrink) * 0.9 + 0.05 * Math.cos(value));
    const unwanted = map(x, (value) => Math.tanh(0.7 * value * shrink) * 0.6 - 0.02 * Math.sin(value));
    return { denoised: combine(reference.cfg, wanted, 1 - reference.cfg, unwanted), unwanted };
  };

const madeUp: Denoise = async (x, sigma) => (await guesses(false)(x, sigma)).denoised;

/** The exact denoiser where all pictures are drawn from N(mean, spread²). */
const gaussian =
  (mean: number, spread: number): Denoise =>
  async (x, sigma) =>
    map(x, (value) => (spread ** 2 * value + sigma ** 2 * mean) / (spread ** 2 + sigma ** 2));

interface Given {
  readonly denoise: Denoise;
  readonly sigmas: Sigmas;
  readonly seed?: bigint;
  readonly both?: DenoiseBoth;
  readonly sampling?: ModelSampling;
}

async function run(name: SamplerName, x: Tensor, { denoise, seed = 1n, ...given }: Given) {
  const both: DenoiseBoth = async (at, sigma) => {
    const denoised = await denoise(at, sigma);
    return { denoised, unwanted: denoised };
  };
  return finish(samplers[name](denoise, x, { both, sampling, ...given, seed, noise: torchNormal(seed) }));
}

const start = (size: number, seed = 4n): Tensor => map(torchNormal(seed)([1, 1, 1, size]), (value) => value * sampling.sigmaMax);

/** Runs of fewer steps than the method needs: the reference gives its noise back, we refuse or take a step of first order. */
const tooFew = ['dpm_fast', 'dpm_adaptive', 'uni_pc', 'uni_pc_bh2'];
/** The reference forgets the last step of a walk that does not end at 0. */
const cutShort = ['sa_solver', 'sa_solver_pece'];

const cases = Object.entries(reference.runs).flatMap(([title, { sampling: table, sigmas, samplers: results }]) =>
  Object.entries(results)
    .filter(([name]) => !(title === 'one step' && tooFew.includes(name)) && !(title.includes('cut short') && cutShort.includes(name)))
    .map(([name, wanted]) => ({ name: samplerNames.find((known) => known === name), label: name, title, table, sigmas, wanted })),
);

describe('samplers and the reference', () => {
  it.each(cases)('$label, $title', async ({ name, label, table, sigmas, wanted }) => {
    if (name === undefined) throw new Error(`There is no sampler ${label}.`);
    const levels = Float32Array.from(sigmas);
    const x = map(torchNormal(BigInt(reference.startSeed))(reference.shape), (value) => value * (levels[0] ?? 0));
    const both = guesses(table.startsWith('flow'));
    const seen: number[][] = [];
    const watched: DenoiseBoth = async (at, sigma) => {
      seen.push([sigma, at.data[0] ?? 0, at.data[11] ?? 0, at.data[23] ?? 0]);
      return both(at, sigma);
    };
    const denoise: Denoise = async (at, sigma) => (await watched(at, sigma)).denoised;
    const given = { denoise, both: watched, sigmas: levels, seed: BigInt(reference.seed), sampling: samplingOf(table) };
    const { result } = await run(name, x, given);
    // Its step sizes follow the differences of two guesses, and so do rounding errors.
    const tolerance = label === 'dpm_adaptive' ? 5e-5 : 1e-5;
    expect(seen).toHaveLength(wanted.evaluations.length);
    for (const [i, evaluation] of wanted.evaluations.entries()) {
      for (const [k, value] of evaluation.entries()) {
        expect(Math.abs((seen[i]?.[k] ?? Number.NaN) - value), `evaluation ${i}: ${seen[i]} instead of ${evaluation}`).toBeLessThan(
          tolerance * Math.max(1, Math.abs(value), evaluation[0] ?? 0),
        );
      }
    }
    for (const [i, value] of wanted.result.entries())
      expect(Math.abs((result.data[i] ?? Number.NaN) - value), `result ${i}: ${result.data[i]} instead of ${value}`).toBeLessThan(
        tolerance,
      );
  });

  it('has all of them', () => {
    const known = Object.keys(reference.runs.flow.samplers);
    // plms is diffusers' own: test/server/diffusers-runs.test.ts.
    expect(samplerNames.filter((name) => !name.endsWith('_gpu'))).toEqual([...known, 'plms']);
    for (const name of samplerNames.filter((other) => other.endsWith('_gpu'))) {
      expect(samplers[name]).toBe(samplers[samplerNames.find((plain) => `${plain}_gpu` === name) ?? 'euler']);
    }
  });
});

describe('samplers', () => {
  it.each(samplerNames)('%s tells every step once, with its level and the clean guess', async (name) => {
    const sigmas = sigmaSchedules.karras(sampling, 5);
    const { events } = await run(name, start(8), { denoise: madeUp, sigmas });
    expect(events.map(({ index }) => index)).toEqual(events.map((_, i) => i));
    if (!name.startsWith('dpm_fast') && name !== 'dpm_adaptive')
      expect(events.map(({ index, total, sigma }) => [index, total, sigma])).toEqual([0, 1, 2, 3, 4].map((i) => [i, 5, sigmas[i]]));
    for (const { x, denoised, sigma } of events) {
      const wanted = await madeUp(x, sigma);
      wanted.data.forEach((value, i) => {
        expect(denoised.data[i]).toBeCloseTo(value, 4);
      });
    }
  });

  it.each(samplerNames)('%s lands on the target of a perfect denoiser, of any model', async (name) => {
    const target = 0.25;
    for (const [table, schedule] of [
      ['scaled_linear 1000', 'karras'],
      ['scaled_linear 1000 zero-SNR', 'normal'],
      ['flow 3', 'simple'],
      ['edm', 'exponential'],
    ] as const) {
      const model = samplingOf(table);
      const x = map(torchNormal(4n)([1, 1, 4, 4]), (value) => value * model.sigmaMax);
      const { result } = await run(name, x, {
        denoise: async (at) => map(at, () => target),
        sigmas: sigmaSchedules[schedule](model, 9),
        sampling: model,
      });
      // Two of them end at the lowest level above 0, with that much noise left.
      const left = name.startsWith('dpm_') && !name.startsWith('dpm_2') ? 6 * (sigmaSchedules[schedule](model, 9).at(-2) ?? 0) : 0;
      // plms ends along its slope, so that the rounding of the highest level stays.
      for (const value of result.data)
        expect(Math.abs(value - target), `${table}: ${value}`).toBeLessThan((name === 'plms' ? 0.02 : 0.01) + left);
    }
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
