import { GraphError, type NoiseSchedule } from '../kit/index.ts';

/** The curves of β over training steps that people use. */
export const betaCurves = ['linear', 'scaled_linear', 'cosine'] as const;
export type BetaCurve = (typeof betaCurves)[number];

/** The part of a scheduler_config.json that fixes the training noise. */
export interface ScheduleConfig {
  readonly beta_schedule: string;
  readonly beta_start: number;
  readonly beta_end: number;
  readonly num_train_timesteps: number;
  /** Was it trained down to pure noise? See {@link zeroTerminalSnr}. */
  readonly rescale_betas_zero_snr?: boolean | undefined;
}

const ramp = (steps: number, start: number, end: number): Float64Array =>
  Float64Array.from({ length: steps }, (_, i) => (steps === 1 ? start : start + ((end - start) * i) / (steps - 1)));

/** β_t = 1 − ᾱ(t+1)/ᾱ(t) with ᾱ(t) = cos²((t/T + 0.008)/1.008 · π/2), β ≤ 0.999 (Nichol & Dhariwal 2021). */
function cosineBetas(steps: number): Float64Array {
  const alphaBar = (t: number): number => Math.cos(((t / steps + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  return Float64Array.from({ length: steps }, (_, i) => Math.min(1 - alphaBar(i + 1) / alphaBar(i), 0.999));
}

function betasOf({ beta_schedule, beta_start, beta_end, num_train_timesteps }: ScheduleConfig): Float64Array {
  switch (beta_schedule) {
    case 'linear':
    case 'sqrt_linear':
      return ramp(num_train_timesteps, beta_start, beta_end);
    case 'scaled_linear':
      return ramp(num_train_timesteps, Math.sqrt(beta_start), Math.sqrt(beta_end)).map((root) => root * root);
    case 'cosine':
    case 'squaredcos_cap_v2':
      return cosineBetas(num_train_timesteps);
    default:
      throw new GraphError(
        'bad-value',
        `Unknown noise schedule “${beta_schedule}”: expected linear, sqrt_linear (the same), scaled_linear, cosine or squaredcos_cap_v2.`,
      );
  }
}

/** ᾱ and σ = √((1−ᾱ)/ᾱ) of a curve of β, each of the same length as `betas`. */
export function scheduleOf(name: string, betas: Float64Array): NoiseSchedule {
  let product = 1;
  const alphasCumprod = betas.map((beta) => {
    product *= 1 - beta;
    return product;
  });
  return { name, betas, alphasCumprod, sigmas: alphasCumprod.map((alphaBar) => Math.sqrt((1 - alphaBar) / alphaBar)) };
}

/** The training schedule of a model; β runs from beta_start to beta_end (Ho et al. 2020), the cosine ignores both. */
export function scheduleFromConfig(config: ScheduleConfig): NoiseSchedule {
  const { num_train_timesteps: steps, beta_start: start, beta_end: end } = config;
  if (!Number.isInteger(steps) || steps < 1) {
    throw new GraphError('bad-value', `A noise schedule needs a whole number of training steps from 1, got ${steps}.`);
  }
  if (!(start > 0 && end >= start && end < 1)) {
    throw new GraphError('bad-value', `A noise schedule needs 0 < beta_start ≤ beta_end < 1, got ${start} and ${end}.`);
  }
  const schedule = scheduleOf(config.beta_schedule, betasOf(config));
  return config.rescale_betas_zero_snr ? zeroTerminalSnr(schedule) : schedule;
}

/** What stands for ᾱ = 0 at the last step, so that σ stays finite (about 4519). */
const almostNothing = 4.8973451890853435e-8;

/**
 * The same schedule with nothing of the picture left at the last step: √ᾱ is shifted to end at 0 and stretched to start where it did (Lin et al.
 * 2024, algorithm 1).
 */
export function zeroTerminalSnr({ name, alphasCumprod: before }: NoiseSchedule): NoiseSchedule {
  const first = Math.sqrt(before[0] ?? 1);
  const last = Math.sqrt(before.at(-1) ?? 0);
  const alphasCumprod = before.map((alphaBar, t) =>
    t === before.length - 1 ? almostNothing : ((Math.sqrt(alphaBar) - last) * (first / (first - last))) ** 2,
  );
  const betas = alphasCumprod.map((alphaBar, t) => 1 - alphaBar / (t === 0 ? 1 : (alphasCumprod[t - 1] ?? 1)));
  return { name, betas, alphasCumprod, sigmas: alphasCumprod.map((alphaBar) => Math.sqrt((1 - alphaBar) / alphaBar)) };
}
