import type { ModelSampling, NoiseSchedule, Prediction } from '../kit/index.ts';

/** Index of the first entry of an ascending list that is not below `value`. */
function lowerBound(list: Float32Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Larger than any noise level: where a share of the way of 0 lies, so that the first step is always inside. */
export const aboveAllLevels = 999_999_999.9;

/** A list of noise levels with its logarithms, looked up both ways in single precision: nearest log σ one way, log-linear between entries the other. */
export function levelTable(levels: ArrayLike<number>): {
  sigmas: Float32Array;
  nearest(sigma: number): number;
  between(index: number): number;
} {
  const { fround } = Math;
  const sigmas = Float32Array.from(levels);
  const logs = Float32Array.from(levels, Math.log);
  const last = logs.length - 1;
  const at = (index: number): number => logs[Math.min(Math.max(index, 0), last)] ?? 0;
  return {
    sigmas,
    nearest(sigma) {
      const wanted = Math.fround(Math.log(sigma));
      const above = Math.min(lowerBound(logs, wanted), last);
      return above > 0 && Math.fround(wanted - at(above - 1)) <= Math.fround(at(above) - wanted) ? above - 1 : above;
    },
    between(index) {
      const t = Math.min(Math.max(fround(index), 0), last);
      const low = Math.floor(t);
      const share = fround(t - low);
      return fround(Math.exp(fround(fround(fround(1 - share) * at(low)) + fround(share * at(low + 1)))));
    },
  };
}

/** Maps σ to training steps and back, as k-diffusion's discrete wrappers do. */
export function modelSampling(schedule: NoiseSchedule, prediction: Prediction): ModelSampling {
  const { sigmas, nearest, between } = levelTable(schedule.sigmas);
  return {
    prediction,
    schedule,
    sigmas,
    sigmaData: 1,
    sigmaMin: sigmas[0] ?? 0,
    sigmaMax: sigmas.at(-1) ?? 0,
    timestep: nearest,
    sigma: between,
    percentToSigma: (share) => (share <= 0 ? aboveAllLevels : share >= 1 ? 0 : between((1 - share) * 999)),
  };
}

const distilledSteps = 50;

/** The sampling of a latent consistency model (Luo et al. 2023): 50 of the training steps, evenly spaced, the last one among them. */
export function distilledSampling(schedule: NoiseSchedule): ModelSampling {
  const skip = Math.max(Math.floor(schedule.sigmas.length / distilledSteps), 1);
  const count = Math.min(distilledSteps, schedule.sigmas.length);
  const last = schedule.sigmas.length - 1;
  const { sigmas, nearest, between } = levelTable(
    Float64Array.from({ length: count }, (_, i) => schedule.sigmas[last - (count - 1 - i) * skip] ?? 0),
  );
  const sigma = (timestep: number): number => between((timestep - (skip - 1)) / skip);
  return {
    prediction: 'lcm',
    schedule,
    sigmas,
    sigmaData: 1,
    sigmaMin: sigmas[0] ?? 0,
    sigmaMax: sigmas.at(-1) ?? 0,
    timestep: (level) => nearest(level) * skip + skip - 1,
    sigma,
    percentToSigma: (share) => (share <= 0 ? aboveAllLevels : share >= 1 ? 0 : sigma((1 - share) * 999)),
  };
}
