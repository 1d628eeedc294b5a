import { GraphError, type ModelSampling, type Sigmas } from '../kit/index.ts';

/** Noise levels of a run: `steps + 1` values from high to low, the last one 0. */
export type SigmaSchedule = (sampling: ModelSampling, steps: number) => Sigmas;

const spread = (count: number, start: number, end: number): number[] =>
  Array.from({ length: count }, (_, i) => (count === 1 ? start : start + ((end - start) * i) / (count - 1)));

const toZero = (levels: readonly number[]): Sigmas => Float32Array.from([...levels, 0]);

/** Training steps evenly spaced from the last to the first. */
const normal: SigmaSchedule = (sampling, steps) => {
  const { sigmaMax, sigmaMin } = sampling;
  return toZero(spread(steps, sampling.timestep(sigmaMax), sampling.timestep(sigmaMin)).map((t) => sampling.sigma(t)));
};

/** As `normal` with one step more, the last one left out. */
const sgmUniform: SigmaSchedule = (sampling, steps) => {
  const { sigmaMax, sigmaMin } = sampling;
  const times = spread(steps + 1, sampling.timestep(sigmaMax), sampling.timestep(sigmaMin)).slice(0, -1);
  return toZero(times.map((t) => sampling.sigma(t)));
};

/** Every (T/n)-th entry of the training table, from the top. */
const simple: SigmaSchedule = ({ schedule: { sigmas } }, steps) => {
  const stride = sigmas.length / steps;
  return toZero(Array.from({ length: steps }, (_, i) => sigmas[sigmas.length - 1 - Math.trunc(i * stride)] ?? 0));
};

/** σ_i = (σ_max^(1/ρ) + i/(n−1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ with ρ = 7 (Karras et al. 2022, eq. 5). */
const karras: SigmaSchedule = ({ sigmaMin, sigmaMax }, steps) =>
  toZero(spread(steps, sigmaMax ** (1 / 7), sigmaMin ** (1 / 7)).map((root) => root ** 7));

/** Evenly spaced in log σ. */
const exponential: SigmaSchedule = ({ sigmaMin, sigmaMax }, steps) =>
  toZero(spread(steps, Math.log(sigmaMax), Math.log(sigmaMin)).map(Math.exp));

/** All schedules by the names people know them by. */
export const sigmaSchedules = { normal, karras, exponential, simple, sgm_uniform: sgmUniform } satisfies Record<string, SigmaSchedule>;
export type SigmaScheduleName = keyof typeof sigmaSchedules;
export const sigmaScheduleNames = [
  'normal',
  'karras',
  'exponential',
  'simple',
  'sgm_uniform',
] as const satisfies readonly SigmaScheduleName[];

/** What a schedule is asked for: `denoise` below 1 keeps the last `steps` of a longer schedule (image to image). */
export interface SigmaRequest {
  readonly scheduler: SigmaScheduleName;
  readonly steps: number;
  readonly denoise: number;
}

/** `steps + 1` noise levels for a share of the way; none at all for `denoise` 0. */
export function sigmasFor(sampling: ModelSampling, { scheduler, steps, denoise }: SigmaRequest): Sigmas {
  if (!Number.isInteger(steps) || steps < 1)
    throw new GraphError('bad-value', `A schedule needs a whole number of steps from 1, got ${steps}.`);
  if (denoise <= 0) return new Float32Array(0);
  const schedule = sigmaSchedules[scheduler];
  if (denoise > 0.9999) return schedule(sampling, steps);
  return schedule(sampling, Math.trunc(steps / denoise)).slice(-(steps + 1));
}
