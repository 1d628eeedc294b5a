import { describe, expect, it } from 'vitest';
import { evenSteps, forwardAt, forwardSteps, stepOfSigma, trainingStep } from '../../../nodes/diffusion/forward-process.ts';
import { scheduleFromConfig } from '../../../nodes/diffusion/noise-schedules.ts';
import { boundWeight, gaussianDivergence, posteriorMean, posteriorWeights } from '../../../nodes/diffusion/posterior.ts';
import { torchNormal } from '../../../nodes/diffusion/random.ts';
import { binMiddles, densityOf, meanSquaredError, momentsOf, peakSignalToNoise } from '../../../nodes/diffusion/statistics.ts';
import { combine, type Tensor } from '../../../nodes/kit/index.ts';

/** DDPM's own schedule (Ho et al. 2020, section 4). */
const ddpm = scheduleFromConfig({ beta_schedule: 'linear', beta_start: 1e-4, beta_end: 0.02, num_train_timesteps: 1000 });
const cosine = scheduleFromConfig({ beta_schedule: 'cosine', beta_start: 1e-4, beta_end: 0.02, num_train_timesteps: 1000 });
const constant = (value: number, count: number): Tensor => ({ dims: [1, 1, 1, count], data: new Float32Array(count).fill(value) });
const noise = (seed: bigint, count: number): Tensor => torchNormal(seed)([1, 1, 1, count]);

describe('the forward process', () => {
  it('in one go has mean √ᾱ·x₀ and variance 1 − ᾱ', () => {
    const { alphaBar } = trainingStep(ddpm, 300);
    const { mean, std } = momentsOf(forwardAt(constant(0.7, 100_000), noise(1n, 100_000), alphaBar).data);
    expect(mean).toBeCloseTo(0.7 * Math.sqrt(alphaBar), 2);
    expect(std).toBeCloseTo(Math.sqrt(1 - alphaBar), 2);
  });

  it('agrees in distribution with as many single steps', () => {
    const stepped = forwardSteps(constant(0.7, 40_000), { schedule: ddpm, first: 0, last: 99 }, torchNormal(2n));
    const { alphaBar } = trainingStep(ddpm, 99);
    const { mean, std } = momentsOf(stepped.data);
    expect(mean).toBeCloseTo(0.7 * Math.sqrt(alphaBar), 2);
    expect(std).toBeCloseTo(Math.sqrt(1 - alphaBar), 2);
  });

  it('knows the figures of the papers: ᾱ_T ≈ 4e-5 for DDPM, cos² in the middle for cosine', () => {
    expect(trainingStep(ddpm, 999).alphaBar).toBeCloseTo(4.036e-5, 8);
    const middle = Math.cos(((0.5 + 0.008) / 1.008) * (Math.PI / 2)) ** 2 / Math.cos((0.008 / 1.008) * (Math.PI / 2)) ** 2;
    expect(trainingStep(cosine, 499).alphaBar).toBeCloseTo(middle, 9);
  });

  it('refuses steps that the schedule does not have, and finds the step of a noise level', () => {
    expect(() => trainingStep(ddpm, 1000)).toThrow(/steps 0 to 999/);
    expect(stepOfSigma(ddpm, trainingStep(ddpm, 421).sigma)).toBe(421);
    expect(() => stepOfSigma(ddpm, 1e6)).toThrow(/no training step/);
  });

  it('spreads steps evenly with both ends', () => {
    expect(evenSteps({ first: 0, last: 999, count: 4 })).toEqual([0, 333, 666, 999]);
    expect(evenSteps({ first: 0, last: 9, count: 1 })).toEqual([9]);
  });
});

describe('the posterior', () => {
  it('is μ̃_t and β̃_t of Ho et al. 2020, eq. 7', () => {
    const t = 250;
    const [{ beta, alphaBar }, { alphaBar: before }] = [trainingStep(ddpm, t), trainingStep(ddpm, t - 1)];
    const weights = posteriorWeights(ddpm, { t, s: t - 1 });
    expect(weights.x0).toBeCloseTo((Math.sqrt(before) * beta) / (1 - alphaBar), 10);
    expect(weights.xt).toBeCloseTo((Math.sqrt(1 - beta) * (1 - before)) / (1 - alphaBar), 10);
    expect(weights.variance).toBeCloseTo((beta * (1 - before)) / (1 - alphaBar), 12);
  });

  it('gives x₀ itself, for certain, when it goes back to the clean picture', () => {
    const weights = posteriorWeights(ddpm, { t: 400, s: -1 });
    expect(weights).toMatchObject({ xt: 0, variance: 0 });
    expect(weights.x0).toBeCloseTo(1, 12);
  });

  it('over two steps is the chain of single ones: the marginal of x_s is the forward process again', () => {
    const [t, s] = [500, 300];
    const { x0, xt, variance } = posteriorWeights(ddpm, { t, s });
    const [{ alphaBar: now }, { alphaBar: before }] = [trainingStep(ddpm, t), trainingStep(ddpm, s)];
    expect(x0 + xt * Math.sqrt(now)).toBeCloseTo(Math.sqrt(before), 10);
    expect(variance + xt ** 2 * (1 - now)).toBeCloseTo(1 - before, 10);
  });

  it('has a divergence that is the weighted error of the noise: L_t = w_t·‖ε − ε̂‖²', () => {
    const t = 123;
    const { alphaBar } = trainingStep(ddpm, t);
    const [clean, epsilon, wrong] = [noise(1n, 64), noise(2n, 64), noise(3n, 64)];
    const noisy = forwardAt(clean, epsilon, alphaBar);
    const guess = combine(1, epsilon, 0.1, wrong);
    const guessed = combine(1 / Math.sqrt(alphaBar), noisy, -Math.sqrt(1 - alphaBar) / Math.sqrt(alphaBar), guess);
    const weights = posteriorWeights(ddpm, { t, s: t - 1 });
    const kl = gaussianDivergence(posteriorMean(weights, clean, noisy), posteriorMean(weights, guessed, noisy), weights.variance);
    expect(kl / (64 * meanSquaredError(epsilon, guess) * boundWeight(ddpm, t))).toBeCloseTo(1, 2);
  });

  it('weighs as the change of the signal-to-noise ratio does (Kingma et al. 2021, eq. 13)', () => {
    const snr = (t: number): number => 1 / trainingStep(ddpm, t).sigma ** 2;
    for (const t of [1, 50, 700, 999]) {
      const { sigma } = trainingStep(ddpm, t);
      expect(boundWeight(ddpm, t) / (0.5 * (snr(t - 1) - snr(t)) * sigma ** 2)).toBeCloseTo(1, 6);
    }
  });
});

describe('statistics', () => {
  it('are mean, spread, range and density of all values', () => {
    expect(momentsOf([1, 2, 3, 4])).toEqual({ mean: 2.5, std: Math.sqrt(1.25), min: 1, max: 4 });
    const range = { low: 0, high: 4, bins: 4 };
    expect(binMiddles(range)).toEqual([0.5, 1.5, 2.5, 3.5]);
    expect(densityOf([0.1, 0.2, 3.9, 9], range)).toEqual([0.5, 0, 0, 0.25]);
    expect(peakSignalToNoise(0.001)).toBeCloseTo(30, 9);
  });
});
