import { GraphError, type Sigmas } from '../../kit/index.ts';

/** One turn of a loop: from `sigma` to `next`. */
export interface Turn {
  readonly index: number;
  readonly total: number;
  readonly sigma: number;
  readonly next: number;
}

/** The turns of a walk down the noise levels. */
export function* turnsOf(sigmas: Sigmas): Generator<Turn> {
  const total = sigmas.length - 1;
  for (let index = 0; index < total; index++) yield { index, total, sigma: sigmas[index] ?? 0, next: sigmas[index + 1] ?? 0 };
}

/** Throws `bad-value` if noise grows anywhere: samplers that add noise of their own cannot go that way. */
export function requireFalling(sigmas: Sigmas, sampler: string): void {
  const rise = sigmas.findIndex((sigma, i) => i > 0 && sigma > (sigmas[i - 1] ?? 0));
  if (rise < 0) return;
  throw new GraphError(
    'bad-value',
    `${sampler} adds noise of its own, so the noise levels have to fall, but level ${rise} (${sigmas[rise]}) is above the one before (${sigmas[rise - 1]}). Use euler to go from a picture to noise.`,
  );
}
