import { describe, expect, it } from 'vitest';
import { cfgGuider, guided } from '../../nodes/diffusion/guidance.ts';
import { noNoise, seededNoise } from '../../nodes/diffusion/noise.ts';
import { inForm } from '../../nodes/diffusion/noisy-latents.ts';
import { samplerNames, samplers } from '../../nodes/diffusion/samplers/index.ts';
import { sigmasFor } from '../../nodes/diffusion/sigma-schedules.ts';
import { GraphError, type Guider, type Latent, type Noise, type Sigmas, scale, zeros } from '../../nodes/kit/index.ts';
import addNoise from '../../nodes/latent/add-noise.node.ts';
import emptyLatent from '../../nodes/latent/empty-latent-image.node.ts';
import forwardNoise from '../../nodes/latent/forward-noise.node.ts';
import ksampler from '../../nodes/sample/ksampler.node.ts';
import samplerLoop from '../../nodes/sample/sampler-custom-advanced.node.ts';
import unetStep from '../../nodes/sample/unet-step.node.ts';
import vaeDecode from '../../nodes/vae/vae-decode.node.ts';
import { apart, context, fakeModel, finish, prompt, stableDiffusion } from './diffusion/fake-model.ts';

type Method = 'euler' | 'ddim' | 'ddpm';

const model = fakeModel();
const guider: Guider = cfgGuider(model, { positive: [prompt(1)], negative: [prompt(-1)], cfg: 5 });
const empty: Latent = { samples: zeros([2, 4, 3, 4]) };
const sigmas = sigmasFor(model.sampling, { scheduler: 'karras', steps: 6, denoise: 1 });
const picture: Latent = { samples: { dims: [1, 4, 2, 2], data: Float32Array.from({ length: 16 }, (_, i) => Math.sin(i)) }, scale: 0.25 };

type Running<T> = T | Promise<T> | AsyncGenerator<unknown, T, void>;

const isGenerator = <T>(running: Running<T>): running is AsyncGenerator<unknown, T, void> =>
  typeof running === 'object' && running !== null && Symbol.asyncIterator in running;

/** Awaits or drains what a node's run gave. */
const resultOf = async <T>(running: Running<T>): Promise<T> => (isGenerator(running) ? (await finish(running)).result : running);

interface LoopInputs {
  readonly latent: Latent;
  readonly levels?: Sigmas;
  readonly noise?: Noise;
}

const loop = async (name: keyof typeof samplers, { latent, levels = sigmas, noise = seededNoise(11n) }: LoopInputs) =>
  resultOf(
    samplerLoop.run(
      { noise, guider, sampler: { name, loop: samplers[name] }, sigmas: levels, latent_image: latent, preview: 'off' },
      context(),
    ),
  );

const step = async (latent: Latent, at: { step: number; method?: Method; noise?: Noise }) =>
  resultOf(unetStep.run({ guider, latent, sigmas, preview: 'off', method: 'euler', noise: seededNoise(11n), ...at }, context()));

async function refused(work: () => Promise<unknown>): Promise<GraphError> {
  const thrown: unknown = await Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  if (thrown instanceof GraphError) return thrown;
  throw new Error(`Expected a GraphError, got ${String(thrown)}.`);
}

describe('U-Net steps, chained by hand', () => {
  it.each(['euler', 'ddim', 'ddpm'] as const)('with %s equal the sampler loop', async (method) => {
    let latent = empty;
    let guess = empty;
    for (let i = 0; i < 6; i++) {
      const { noise } = latent;
      ({ latent, denoised: guess } = await step(latent, {
        step: i,
        method,
        noise: method !== 'ddpm' && i > 0 ? noNoise : seededNoise(11n),
      }));
      expect(noise?.sigma ?? 0).toBeCloseTo(i === 0 ? 0 : (sigmas[i] ?? 0), 6);
    }
    const { output, denoised_output } = await loop(method, { latent: empty });
    expect(apart(latent.samples, output.samples)).toBeLessThan(1e-6);
    expect(apart(guess.samples, denoised_output.samples)).toBeLessThan(1e-6);
    expect(latent.noise).toBeUndefined();
  });

  it('give the noise that the network sees: x = x₀ + σ·ε', async () => {
    const first = await step(empty, { step: 0 });
    const next = await step(first.latent, { step: 1, noise: noNoise });
    const sigma = sigmas[1] ?? 0;
    const again = next.denoised.samples.data.map((value, i) => value + sigma * (next.noise.samples.data[i] ?? 0));
    expect(apart({ dims: first.latent.samples.dims, data: again }, first.latent.samples)).toBeLessThan(1e-4);
  });

  it('refuse what would give a wrong picture in silence', async () => {
    const first = await step(empty, { step: 0 });
    for (const [work, code, words] of [
      [() => step(empty, { step: 1 }), 'noise-mismatch', 'this latent is clean'],
      [() => step(first.latent, { step: 2, noise: noNoise }), 'noise-mismatch', 'the first step is made for σ ='],
      [() => step(empty, { step: 0, noise: noNoise }), 'missing-input', 'wire a “Noise” node'],
      [() => step(first.latent, { step: 1, method: 'ddpm', noise: noNoise }), 'missing-input', 'fresh noise'],
      [() => step(empty, { step: 6 }), 'out-of-range', 'have 6 steps, counted from 0'],
    ] as const) {
      const error = await refused(work);
      expect(error.code).toBe(code);
      expect(error.message).toContain(words);
    }
  });
});

describe('the sampler loop', () => {
  it.each(samplerNames)('goes on with %s from where it was left, if it draws no noise', async (name) => {
    const whole = await loop(name, { latent: empty });
    expect(whole.output.noise).toBeUndefined();
    expect(whole.output.scale).toBe(0.25);
    if (!['euler', 'ddim', 'heun'].includes(name)) return;
    const half = await loop(name, { latent: empty, levels: sigmas.slice(0, 4) });
    expect(half.output.noise).toEqual({ sigma: sigmas[3], form: 'exploding' });
    const rest = await loop(name, { latent: half.output, levels: sigmas.slice(3), noise: noNoise });
    expect(apart(rest.output.samples, whole.output.samples)).toBeLessThan(1e-5);
  });

  it('takes a noisy latent in either form, and refuses more noise or another level', async () => {
    const { output } = await loop('euler', { latent: empty, levels: sigmas.slice(0, 4) });
    const rest = { levels: sigmas.slice(3), noise: noNoise };
    const preserving = inForm(output, 'preserving');
    expect(apart(preserving.samples, output.samples)).toBeGreaterThan(0.1);
    const [a, b] = [await loop('euler', { latent: output, ...rest }), await loop('euler', { latent: preserving, ...rest })];
    expect(apart(a.output.samples, b.output.samples)).toBeLessThan(1e-5);
    expect((await refused(() => loop('euler', { latent: output, levels: sigmas.slice(3) }))).message).toContain('Wire “No noise”');
    expect((await refused(() => loop('euler', { latent: output, levels: sigmas.slice(2), noise: noNoise }))).code).toBe('noise-mismatch');
  });

  it('measures noise in its own model’s space, whatever space it was added in', async () => {
    const level = sigmas[3] ?? 0;
    const unscaled: Latent = { ...picture, scale: 1, noise: { sigma: 4 * level, form: 'exploding' } };
    const rest = { levels: sigmas.slice(3), noise: noNoise };
    const { output } = await loop('euler', { latent: unscaled, ...rest });
    const same = await loop('euler', { latent: { ...picture, noise: { sigma: level, form: 'exploding' } }, ...rest });
    expect(apart(output.samples, same.output.samples)).toBeLessThan(1e-6);
    const wrong: Latent = { ...unscaled, noise: { sigma: level, form: 'exploding' } };
    expect((await refused(() => loop('euler', { latent: wrong, ...rest }))).code).toBe('noise-mismatch');
  });

  it('gives the latent back for no steps at all', async () => {
    expect((await loop('euler', { latent: picture, levels: new Float32Array(0) })).output).toBe(picture);
  });

  it('widens an empty latent to the channels of the model, and refuses another VAE’s', async () => {
    expect((await loop('euler', { latent: { samples: zeros([1, 16, 2, 2]) } })).output.samples.dims).toEqual([1, 4, 2, 2]);
    const other: Latent = { samples: { dims: [1, 16, 1, 1], data: new Float32Array(16).fill(1) } };
    expect((await refused(() => loop('euler', { latent: other }))).message).toContain('16 channels');
  });

  it('ends between two runs of the network when it is cancelled', async () => {
    const abort = new AbortController();
    const own = fakeModel();
    const run = samplerLoop.run(
      {
        noise: seededNoise(1n),
        guider: { model: own, denoise: guided(own, { positive: [prompt(1)], negative: [prompt(0)], cfg: 2 }) },
        sampler: { name: 'euler', loop: samplers.euler },
        sigmas,
        latent_image: empty,
        preview: 'off',
      },
      context(abort.signal),
    );
    if (!isGenerator(run)) throw new Error('The sampler loop tells its steps.');
    await run.next();
    abort.abort();
    await expect(run.next()).rejects.toThrow(/abort/i);
    expect(own.runs).toHaveLength(1);
  });

  it('names the network that gives no numbers', async () => {
    const broken: Guider = { model, denoise: async (x) => scale(x, Number.NaN) };
    const inputs = {
      noise: seededNoise(1n),
      sampler: { name: 'euler', loop: samplers.euler },
      sigmas,
      latent_image: empty,
      preview: 'off',
    } as const;
    const error = await refused(() => resultOf(samplerLoop.run({ ...inputs, guider: broken }, context())));
    expect(error.code).toBe('not-a-number');
  });

  it('is what KSampler does in one', async () => {
    const inputs = { model, seed: 11n, steps: 6, cfg: 5, sampler_name: 'dpmpp_2m', scheduler: 'karras', denoise: 1 } as const;
    const { LATENT } = await resultOf(
      ksampler.run({ ...inputs, positive: [prompt(1)], negative: [prompt(-1)], latent_image: empty }, context()),
    );
    expect(apart(LATENT.samples, (await loop('dpmpp_2m', { latent: empty })).output.samples)).toBe(0);
  });
});

describe('guidance', () => {
  const x = { dims: [2, 4, 1, 2], data: Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)) };

  it('moves from the unwanted to the wanted guess by cfg, in one run of the network', async () => {
    const own = fakeModel();
    const one = async (value: number) => guided(own, { positive: [prompt(value)], negative: [], cfg: 1 })(x, 3);
    const [wanted, unwanted] = [await one(1), await one(-1)];
    own.runs.length = 0;
    const result = await guided(own, { positive: [prompt(1)], negative: [prompt(-1)], cfg: 4 })(x, 3);
    expect(own.runs.map(({ sample }) => sample.dims[0])).toEqual([4]);
    result.data.forEach((value, i) => {
      expect(value).toBeCloseTo((unwanted.data[i] ?? 0) + 4 * ((wanted.data[i] ?? 0) - (unwanted.data[i] ?? 0)), 4);
    });
  });

  it('does not run the unwanted side at cfg 1', async () => {
    const own = fakeModel();
    await guided(own, { positive: [prompt(1)], negative: [prompt(-1)], cfg: 1 })(x, 3);
    expect(own.runs.map(({ tokens }) => tokens.dims)).toEqual([[2, 3, 2]]);
  });

  it('brings prompts of other lengths to a common one, up to four times, and runs them apart beyond', async () => {
    const own = fakeModel();
    await guided(own, { positive: [prompt(1, 4)], negative: [prompt(-1, 6)], cfg: 2 })(x, 3);
    expect(own.runs.map(({ tokens }) => tokens.dims)).toEqual([[4, 12, 2]]);
    own.runs.length = 0;
    await guided(own, { positive: [prompt(1, 3)], negative: [prompt(-1, 7)], cfg: 2 })(x, 3);
    expect(own.runs.map(({ tokens }) => tokens.dims)).toEqual([
      [2, 3, 2],
      [2, 7, 2],
    ]);
  });
});

describe('noise on latents', () => {
  it('of the forward process keeps the share ᾱ of the picture, and says how much there is', async () => {
    const { x_t, noise } = await resultOf(forwardNoise.run({ x_0: picture, schedule: stableDiffusion, t: 250, seed: 3n }, context()));
    const alphaBar = stableDiffusion.alphasCumprod[250] ?? 0;
    x_t.samples.data.forEach((value, i) => {
      expect(value).toBeCloseTo(
        Math.sqrt(alphaBar) * (picture.samples.data[i] ?? 0) + Math.sqrt(1 - alphaBar) * (noise.samples.data[i] ?? 0),
        5,
      );
    });
    expect(apart(scale(noise.samples, 0.25), seededNoise(3n).initial(picture))).toBeLessThan(1e-6);
    expect(x_t.noise).toEqual({ sigma: stableDiffusion.sigmas[250], form: 'preserving' });
    expect(
      (await refused(async () => forwardNoise.run({ x_0: picture, schedule: stableDiffusion, t: 1000, seed: 3n }, context()))).message,
    ).toContain('0 to 999');
    expect((await refused(async () => forwardNoise.run({ x_0: x_t, schedule: stableDiffusion, t: 1, seed: 3n }, context()))).code).toBe(
      'noise-mismatch',
    );
  });

  it('that a loop would add itself may be added by hand', async () => {
    const levels = sigmasFor(model.sampling, { scheduler: 'karras', steps: 4, denoise: 0.5 });
    const { LATENT } = await resultOf(addNoise.run({ model, noise: seededNoise(11n), sigmas: levels, latent_image: picture }, context()));
    expect(LATENT.noise?.form).toBe('exploding');
    const [byHand, itself] = [
      await loop('heun', { latent: LATENT, levels, noise: noNoise }),
      await loop('heun', { latent: picture, levels }),
    ];
    expect(apart(byHand.output.samples, itself.output.samples)).toBeLessThan(1e-5);
    expect(
      (await refused(async () => addNoise.run({ model, noise: seededNoise(1n), sigmas: levels, latent_image: LATENT }, context()))).code,
    ).toBe('noise-mismatch');
  });

  it('is shown by the VAE in the form that keeps the range of the picture', async () => {
    const seen: Latent['samples'][] = [];
    const vae = {
      latent: model.latent,
      encode: async () => picture.samples,
      decode: async (samples: Latent['samples']) => {
        seen.push(samples);
        return { dims: [1, 1, 1, 3], data: new Float32Array(3) };
      },
    };
    await resultOf(vaeDecode.run({ samples: { ...picture, noise: { sigma: 3, form: 'exploding' } }, vae }, context()));
    expect(apart(seen[0] ?? zeros([1]), scale(picture.samples, 1 / Math.sqrt(10)))).toBeLessThan(1e-6);
  });

  it('starts from an empty latent an eighth of the picture’s size', async () => {
    const { LATENT } = await resultOf(emptyLatent.run({ width: 136, height: 64, batch_size: 3 }, context()));
    expect(LATENT.samples.dims).toEqual([3, 4, 8, 17]);
    expect(LATENT.samples.data.every((value) => value === 0)).toBe(true);
  });
});
