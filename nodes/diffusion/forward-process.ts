import { combine, GraphError, type NoiseSchedule, type NoiseStream, type Tensor } from '../kit/index.ts';

/** β, ᾱ and σ of one training step. */
export interface TrainingStep {
  readonly beta: number;
  readonly alphaBar: number;
  readonly sigma: number;
}

/** What a schedule says of training step `t`, counted from 0; throws `out-of-range` for a step it does not have. */
export function trainingStep({ betas, alphasCumprod, sigmas }: NoiseSchedule, t: number): TrainingStep {
  const [beta, alphaBar, sigma] = [betas[t], alphasCumprod[t], sigmas[t]];
  if (beta === undefined || alphaBar === undefined || sigma === undefined) {
    throw new GraphError('out-of-range', `The schedule has training steps 0 to ${betas.length - 1}, got t = ${t}.`, {
      place: { port: 't' },
    });
  }
  return { beta, alphaBar, sigma };
}

/** One draw of q(x_t | x_0) = N(√ᾱ_t·x_0, (1−ᾱ_t)·I) with the noise given (Ho et al. 2020, eq. 4). */
export function forwardAt(x0: Tensor, noise: Tensor, alphaBar: number): Tensor {
  return combine(Math.sqrt(alphaBar), x0, Math.sqrt(1 - alphaBar), noise);
}

/** One draw of q(x_t | x_{t−1}) = N(√(1−β_t)·x_{t−1}, β_t·I) with the noise given (Ho et al. 2020, eq. 2). */
export function forwardStep(x: Tensor, noise: Tensor, beta: number): Tensor {
  return combine(Math.sqrt(1 - beta), x, Math.sqrt(beta), noise);
}

/** From x_{first−1} to x_last by single steps, each with noise of its own out of the stream. */
export function forwardSteps(
  x: Tensor,
  { schedule, first, last }: { schedule: NoiseSchedule; first: number; last: number },
  draw: NoiseStream,
): Tensor {
  let current = x;
  for (let t = first; t <= last; t++) current = forwardStep(current, draw(x.dims), trainingStep(schedule, t).beta);
  return current;
}

/** `count` whole training steps spread evenly from `first` to `last`, both among them; of one step, the last. */
export function evenSteps({ first, last, count }: { first: number; last: number; count: number }): readonly number[] {
  if (count === 1) return [last];
  return Array.from({ length: count }, (_, i) => Math.round(first + ((last - first) * i) / (count - 1)));
}

/** The training step whose σ this is; throws `noise-mismatch` if the schedule has none within 0.1 %. */
export function stepOfSigma(schedule: NoiseSchedule, sigma: number): number {
  let nearest = 0;
  schedule.sigmas.forEach((level, t) => {
    if (Math.abs(level - sigma) < Math.abs((schedule.sigmas[nearest] ?? 0) - sigma)) nearest = t;
  });
  const found = schedule.sigmas[nearest] ?? 0;
  if (Math.abs(found - sigma) <= 1e-3 * found) return nearest;
  throw new GraphError(
    'noise-mismatch',
    `The latent holds noise of σ = ${sigma.toPrecision(4)}, which is no training step of this schedule (the nearest is t = ${nearest} with σ = ${found.toPrecision(4)}). Wire the schedule that made the latent.`,
  );
}
