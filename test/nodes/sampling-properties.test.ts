import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { edmSampling, exponentialFlow, shiftedFlow } from '../../nodes/diffusion/continuous-sampling.ts';
import { distilledSampling, modelSampling } from '../../nodes/diffusion/model-sampling.ts';
import { zeroTerminalSnr } from '../../nodes/diffusion/noise-schedules.ts';
import { samplerNames } from '../../nodes/diffusion/samplers/index.ts';
import { sigmaScheduleNames } from '../../nodes/diffusion/sigma-schedules.ts';
import { type DiffusionModel, GraphError, type Latent, type ModelSampling, zeros } from '../../nodes/kit/index.ts';
import ksampler from '../../nodes/sample/ksampler.node.ts';
import ksamplerAdvanced from '../../nodes/sample/ksampler-advanced.node.ts';
import { prompt, stableDiffusion } from './diffusion/fake-model.ts';
import { modelTables } from './diffusion/model-tables.ts';
import { tinyModel } from './diffusion/tiny-network.ts';
import { ramp, runNode } from './node-runs.ts';

/** Model samplings of all kinds, with the tables that schedules find hardest. */
const samplings: Readonly<Record<string, ModelSampling>> = {
  ...modelTables,
  v: modelSampling(stableDiffusion, 'v_prediction'),
  'zero-SNR v': modelSampling(zeroTerminalSnr(stableDiffusion), 'v_prediction'),
  sample: modelSampling(stableDiffusion, 'sample'),
  lcm: distilledSampling(stableDiffusion),
  edm: edmSampling({ prediction: 'edm', sigmaMin: 0.002, sigmaMax: 80, sigmaData: 0.5 }),
  flow: shiftedFlow(3),
  flux: exponentialFlow(1.15),
};
const names = Object.keys(samplings);

const settings = fc.record({
  sampling: fc.constantFrom(...names),
  sampler_name: fc.constantFrom(...samplerNames),
  scheduler: fc.constantFrom(...sigmaScheduleNames),
  steps: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 12 }) }, { weight: 1, arbitrary: fc.integer({ min: 13, max: 60 }) }),
  cfg: fc.constantFrom(0, 1, 1.5, 7, 30),
  seed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  batch: fc.integer({ min: 1, max: 2 }),
  height: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 5 }),
  empty: fc.boolean(),
  masked: fc.boolean(),
});

const shares = fc.oneof(
  { weight: 6, arbitrary: fc.constant(1) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 20 }).map((twentieths) => twentieths / 20) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
);

const latentFor = ({
  batch,
  height,
  width,
  empty,
  masked,
}: {
  batch: number;
  height: number;
  width: number;
  empty: boolean;
  masked: boolean;
}): Latent => {
  const dims = [batch, 4, height, width];
  return {
    samples: empty ? zeros(dims) : ramp(dims),
    ...(masked && { noiseMask: { dims: [1, 3, 3], data: Float32Array.from([0, 1, 0, 0.5, 1, 1, 0, 0, 1]) } }),
  };
};

const modelFor = (name: string): DiffusionModel => {
  const model = tinyModel({});
  return { ...model, sampling: samplings[name] ?? model.sampling };
};

/** A finite latent of the same shape, or a sentence about what is wrong. */
async function worksOrSays(latent: Latent, run: () => Promise<Latent>): Promise<void> {
  try {
    const { samples } = await run();
    expect(samples.dims).toEqual(latent.samples.dims);
    expect(samples.data.every(Number.isFinite)).toBe(true);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    expect(error.code).not.toBe('internal');
    expect(error.message).toMatch(/^\S.{20,}[.]$/su);
  }
}

describe('sampling', () => {
  it('gives numbers for any sampler, schedule, steps, denoise and size, or says what is wrong', async () => {
    await fc.assert(
      fc.asyncProperty(settings, shares, async ({ sampling, ...given }, denoise) => {
        const latent = latentFor(given);
        const inputs = { ...given, denoise, model: modelFor(sampling), latent_image: latent };
        await worksOrSays(latent, async () => {
          const { outputs } = await runNode(ksampler, { ...inputs, positive: [prompt(1)], negative: [prompt(-1)] });
          return outputs.LATENT;
        });
      }),
      { numRuns: 150 },
    );
  });

  it('does so for any part of the steps, with and without noise', async () => {
    const enabled = fc.constantFrom('enable' as const, 'disable' as const);
    const part = fc.record({
      ...{ start_at_step: fc.integer({ min: 0, max: 14 }), end_at_step: fc.integer({ min: 0, max: 14 }) },
      ...{ add_noise: enabled, return_with_leftover_noise: enabled },
    });
    await fc.assert(
      fc.asyncProperty(settings, part, async ({ sampling, seed, ...given }, range) => {
        const latent = latentFor(given);
        const inputs = { ...given, ...range, noise_seed: seed, model: modelFor(sampling), latent_image: latent };
        await worksOrSays(latent, async () => {
          const { outputs } = await runNode(ksamplerAdvanced, { ...inputs, positive: [prompt(1)], negative: [prompt(-1)] });
          return outputs.LATENT;
        });
      }),
      { numRuns: 150 },
    );
  });

  const broken: readonly { where: string; latent?: number; from?: number; gives?: number; says: RegExp }[] = [
    { where: 'in the latent that comes in', latent: Number.NaN, says: /latent that goes in .* look at the node that made it/s },
    { where: 'in what the network gives', from: 3, says: /network's prediction at σ = \d.* overflows in fp16/s },
    { where: 'in what the sampler makes of it', from: 2, gives: 3e38, says: /latent at σ = \d.* stepped out of bounds/s },
  ];

  it.each(broken)('names the likely cause of lost numbers $where', async ({ latent = 0, from = 99, gives = Number.NaN, says }) => {
    const whole = modelFor('sample');
    let runs = 0;
    const model: DiffusionModel = {
      ...whole,
      async predict(input) {
        runs++;
        const sign = runs % 2 === 0 ? 1 : -1;
        return runs < from ? whole.predict(input) : { dims: input.sample.dims, data: input.sample.data.map(() => sign * gives) };
      },
    };
    const samples = { dims: [1, 4, 2, 2], data: new Float32Array(16).fill(latent) };
    const inputs = { model, seed: 1n, steps: 5, cfg: 1, sampler_name: 'dpmpp_2m', scheduler: 'karras', denoise: 1 } as const;
    const run = runNode(ksampler, { ...inputs, positive: [prompt(1)], negative: [prompt(-1)], latent_image: { samples } });
    await expect(run).rejects.toMatchObject({ code: 'not-a-number', message: expect.stringMatching(says) });
  });
});
