import type { ModelSampling, NoiseSchedule, Prediction } from '../kit/index.ts';

/** Index of the first entry of an ascending list that is not below `value`. */
function lowerBound(list: Float64Array, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Maps σ to training steps and back, as k-diffusion's discrete wrappers do: nearest log σ one way, log-linear between steps the other. */
export function modelSampling(schedule: NoiseSchedule, prediction: Prediction): ModelSampling {
  const logSigmas = schedule.sigmas.map(Math.log);
  const last = logSigmas.length - 1;
  const at = (index: number): number => logSigmas[Math.min(Math.max(index, 0), last)] ?? 0;
  return {
    prediction,
    schedule,
    sigmaMin: Math.exp(at(0)),
    sigmaMax: Math.exp(at(last)),
    timestep(sigma) {
      const wanted = Math.log(sigma);
      const above = Math.min(lowerBound(logSigmas, wanted), last);
      return above > 0 && wanted - at(above - 1) <= at(above) - wanted ? above - 1 : above;
    },
    sigma(timestep) {
      const t = Math.min(Math.max(timestep, 0), last);
      const low = Math.floor(t);
      return Math.exp(at(low) + (at(low + 1) - at(low)) * (t - low));
    },
  };
}
