import { GraphError, type ModelSampling, type NoiseSchedule, type Prediction } from '../kit/index.ts';
import { aboveAllLevels } from './model-sampling.ts';
import { spread } from './sigma-curves.ts';

/** The training schedule that has these levels: σ² = (1−ᾱ)/ᾱ (Ho et al. 2020). Levels ascend. */
function scheduleOfLevels(name: string, sigmas: Float64Array): NoiseSchedule {
  const alphasCumprod = sigmas.map((sigma) => 1 / (1 + sigma * sigma));
  const betas = alphasCumprod.map((alphaBar, t) => 1 - alphaBar / (t === 0 ? 1 : (alphasCumprod[t - 1] ?? 1)));
  return { name, betas, alphasCumprod, sigmas };
}

/** What a model with a range of noise levels is made of. */
export interface ContinuousRange {
  readonly prediction: Prediction;
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  readonly sigmaData: number;
}

const points = 1000;
const { fround } = Math;

/** σ from `sigmaMin` to `sigmaMax`, the network told ¼·ln σ (Karras et al. 2022, table 1). Throws `bad-value` for an empty range. */
export function edmSampling({ prediction, sigmaMin, sigmaMax, sigmaData }: ContinuousRange): ModelSampling {
  if (!(sigmaMin > 0 && sigmaMax > sigmaMin)) {
    throw new GraphError('bad-value', `Noise levels go from a small to a large one above 0, got ${sigmaMin} to ${sigmaMax}.`, {
      place: { port: 'sigma_max' },
    });
  }
  const [low, high] = [Math.log(sigmaMin), Math.log(sigmaMax)];
  const at = (share: number): number => Math.exp(low + (high - low) * share);
  const levels = Float64Array.from(spread(points, low, high), Math.exp);
  return {
    prediction,
    schedule: scheduleOfLevels('edm', levels),
    sigmas: Float32Array.from(levels),
    sigmaData,
    sigmaMin,
    sigmaMax,
    timestep: (sigma) => 0.25 * Math.log(sigma),
    sigma: (timestep) => Math.exp(timestep / 0.25),
    percentToSigma: (share) => (share <= 0 ? aboveAllLevels : share >= 1 ? 0 : at(1 - share)),
  };
}

/** As {@link edmSampling}, the network told 2/π·arctan σ. In single precision: near π/2 its last bit is what tan makes visible. */
export function arctanSampling(range: ContinuousRange): ModelSampling {
  return {
    ...edmSampling(range),
    timestep: (sigma) => fround(fround(fround(Math.atan(sigma)) / fround(Math.PI)) * 2),
    sigma: (timestep) => fround(Math.tan(fround(fround(fround(timestep) * fround(Math.PI)) / 2))),
  };
}

/** A straight path x = (1 − σ)·x₀ + σ·ε, its times moved towards noise. */
interface FlowPath {
  readonly name: string;
  readonly points: number;
  /** What the network is told is `multiplier`·σ. */
  readonly multiplier: number;
  readonly shifted: (time: number) => number;
}

function flowSampling({ name, points: count, multiplier, shifted }: FlowPath): ModelSampling {
  const levels = Float64Array.from({ length: count }, (_, i) => shifted(fround((i + 1) / count)));
  // The same share of noise, written as x₀ + σε; at the very end nothing of the picture is left.
  const schedule = scheduleOfLevels(
    name,
    levels.map((sigma) => sigma / Math.max(1 - sigma, 1e-6)),
  );
  return {
    prediction: 'flow',
    schedule,
    sigmas: Float32Array.from(levels),
    sigmaData: 1,
    sigmaMin: levels[0] ?? 0,
    sigmaMax: levels.at(-1) ?? 1,
    timestep: (sigma) => fround(sigma * multiplier),
    sigma: (timestep) => shifted(fround(timestep / multiplier)),
    percentToSigma: (share) => (share <= 0 ? 1 : share >= 1 ? 0 : shifted(1 - share)),
  };
}

/** Rectified flow with the time shift s·t/(1 + (s−1)·t) (Esser et al. 2024, eq. 23). */
export const shiftedFlow = (shift: number, multiplier = 1000): ModelSampling =>
  flowSampling({
    name: 'flow',
    points: 1000,
    multiplier,
    shifted: (t) => fround(fround(fround(shift) * t) / fround(1 + fround(fround(shift - 1) * t))),
  });

/** Rectified flow with the time shift e^μ/(e^μ + 1/t − 1), as FLUX.1 is sampled. */
export const exponentialFlow = (mu: number): ModelSampling =>
  flowSampling({
    name: 'flow',
    points: 10_000,
    multiplier: 1,
    shifted: (t) => fround(fround(Math.exp(mu)) / fround(fround(Math.exp(mu)) + fround(fround(1 / t) - 1))),
  });
