import { GraphError, type ModelSampling, type Sigmas } from '../kit/index.ts';
import { betaQuantile } from './beta-quantile.ts';
import { exponentialLevels, karrasLevels, spread, toZero } from './sigma-curves.ts';

/** Noise levels of a run: `steps + 1` values from high to low, the last one 0. */
export type SigmaSchedule = (sampling: ModelSampling, steps: number) => Sigmas;

const almostZero = 1e-5;

/** Training steps evenly spaced from the last to the first. */
const normal: SigmaSchedule = (sampling, steps) => {
  const [first, last] = [sampling.timestep(sampling.sigmaMax), sampling.timestep(sampling.sigmaMin)];
  const ends = Math.abs(sampling.sigma(last)) <= almostZero;
  const levels = spread(ends ? steps + 1 : steps, first, last).map((t) => sampling.sigma(t));
  return ends ? Float32Array.from(levels) : toZero(levels);
};

/** As `normal` with one step more, the last one left out. */
const sgmUniform: SigmaSchedule = (sampling, steps) => {
  const { sigmaMax, sigmaMin } = sampling;
  const times = spread(steps + 1, sampling.timestep(sigmaMax), sampling.timestep(sigmaMin)).slice(0, -1);
  return toZero(times.map((t) => sampling.sigma(t)));
};

/** Every (T/n)-th entry of the training table, from the top. */
const simple: SigmaSchedule = ({ sigmas }, steps) => {
  const stride = sigmas.length / steps;
  return toZero(Array.from({ length: steps }, (_, i) => sigmas[sigmas.length - 1 - Math.trunc(i * stride)] ?? 0));
};

/** Every ⌊T/n⌋-th training step counted up from the second: it may have more steps than asked for, and starts below σ_max (Song et al. 2021). */
const ddimUniform: SigmaSchedule = ({ sigmas }, steps) => {
  const ends = (sigmas[1] ?? 0) <= almostZero;
  const stride = Math.max(Math.floor(sigmas.length / (ends ? steps + 1 : steps)), 1);
  const levels: number[] = ends ? [] : [0];
  for (let i = 1; i < sigmas.length; i += stride) levels.push(sigmas[i] ?? 0);
  return Float32Array.from(levels.reverse());
};

/** Training steps spread by the quantiles of Beta(α, β): more of them at both ends (Lee et al. 2024). Steps that fall together are taken once. */
export function betaSchedule({ sigmas }: ModelSampling, steps: number, { alpha, beta }: { alpha: number; beta: number }): Sigmas {
  const places = Array.from({ length: steps }, (_, i) => Math.round(betaQuantile(1 - i / steps, alpha, beta) * (sigmas.length - 1)));
  return toZero(places.filter((place, i) => place !== places[i - 1]).map((place) => sigmas[place] ?? 0));
}

/** The first half linear down to 1 − 0.025·σ_max, then quadratic (Genmo, Mochi 1, 2024). */
const linearQuadratic: SigmaSchedule = ({ sigmaMax }, steps) => {
  const threshold = 0.025;
  const straight = Math.floor(steps / 2);
  const bent = steps - straight;
  const rest = straight - threshold * steps;
  const square = rest / (straight * bent ** 2);
  const slope = threshold / straight - (2 * rest) / bent ** 2;
  const removed = (i: number): number => (i < straight ? (i * threshold) / straight : square * i ** 2 + slope * i + square * straight ** 2);
  if (steps === 1) return Float32Array.of(sigmaMax, 0);
  return Float32Array.from([...Array.from({ length: steps }, (_, i) => removed(i)), 1], (gone) => Math.fround(1 - gone) * sigmaMax);
};

/** Evenly spaced in arctan σ (Sabour et al. 2024, eq. 18), in single precision: near π/2 its last bit is what tan makes visible. */
const klOptimal: SigmaSchedule = ({ sigmaMin, sigmaMax }, steps) => {
  const { fround } = Math;
  const [low, high] = [fround(Math.atan(sigmaMin)), fround(Math.atan(sigmaMax))];
  const share = (i: number): number => (steps === 1 ? 0 : fround(i / (steps - 1)));
  const angles = Array.from({ length: steps }, (_, i) => fround(fround(share(i) * low) + fround(fround(1 - share(i)) * high)));
  return toZero(angles.map(Math.tan));
};

/** All schedules by the names people know them by. */
export const sigmaSchedules = {
  normal,
  karras: (range, steps) => toZero(karrasLevels(range, steps)),
  exponential: (range, steps) => toZero(exponentialLevels(range, steps)),
  sgm_uniform: sgmUniform,
  simple,
  ddim_uniform: ddimUniform,
  beta: (sampling, steps) => betaSchedule(sampling, steps, { alpha: 0.6, beta: 0.6 }),
  linear_quadratic: linearQuadratic,
  kl_optimal: klOptimal,
} satisfies Record<string, SigmaSchedule>;
export type SigmaScheduleName = keyof typeof sigmaSchedules;
export const sigmaScheduleNames = [
  'normal',
  'karras',
  'exponential',
  'sgm_uniform',
  'simple',
  'ddim_uniform',
  'beta',
  'linear_quadratic',
  'kl_optimal',
] as const satisfies readonly SigmaScheduleName[];

/** What a schedule is asked for: `denoise` below 1 keeps the last `steps` of a longer schedule (image to image). */
export interface SigmaRequest {
  readonly scheduler: SigmaScheduleName;
  readonly steps: number;
  readonly denoise: number;
}

/** Throws `bad-value` unless `steps` can be steps. */
export function requireSteps(steps: number): void {
  if (Number.isInteger(steps) && steps >= 1) return;
  throw new GraphError('bad-value', `A schedule needs a whole number of steps from 1, got ${steps}.`);
}

const mostLevels = 1_000_000;

/** The levels of {@link SigmaRequest} of any schedule: none at all for `denoise` 0. Throws `out-of-range` for a share so small that the whole schedule would be endless. */
export function trimmed(schedule: (steps: number) => Sigmas, { steps, denoise }: Pick<SigmaRequest, 'steps' | 'denoise'>): Sigmas {
  requireSteps(steps);
  if (denoise <= 0) return new Float32Array(0);
  if (denoise > 0.9999) return schedule(steps);
  const all = Math.trunc(steps / denoise);
  if (all <= mostLevels) return schedule(all).slice(-(steps + 1));
  throw new GraphError(
    'out-of-range',
    `Taking ${steps} steps over a share of ${denoise} needs a schedule of more than ${mostLevels} steps. Raise denoise, or set it to 0 to leave the latent as it is.`,
    { place: { port: 'denoise' } },
  );
}

/** `steps + 1` noise levels for a share of the way; none at all for `denoise` 0. */
export const sigmasFor = (sampling: ModelSampling, request: SigmaRequest): Sigmas =>
  trimmed((steps) => sigmaSchedules[request.scheduler](sampling, steps), request);
