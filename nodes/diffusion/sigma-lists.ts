import { GraphError, type ModelSampling, type Sigmas } from '../kit/index.ts';
import { roundHalfEven } from './rounding.ts';
import { spread, toZero } from './sigma-curves.ts';

/** The two parts of a walk, both with the level where they meet. */
export interface SplitLevels {
  readonly high: Sigmas;
  readonly low: Sigmas;
}

/** Splits after `step` steps. */
export const splitAfter = (sigmas: Sigmas, step: number): SplitLevels => ({ high: sigmas.slice(0, step + 1), low: sigmas.slice(step) });

/** Splits so that `denoise` of the steps are in the low part. */
export function splitByDenoise(sigmas: Sigmas, denoise: number): SplitLevels {
  const steps = Math.max(sigmas.length - 1, 0);
  const low = roundHalfEven(steps * denoise);
  return { high: sigmas.slice(0, Math.max(sigmas.length - low, 0)), low: sigmas.slice(Math.max(sigmas.length - low - 1, 0)) };
}

/** From low to high, to turn a picture into noise; a first level of 0 becomes 0.0001, where a network can be asked. */
export function flipped(sigmas: Sigmas): Sigmas {
  const up = sigmas.slice().reverse();
  if (up[0] === 0) up[0] = 0.0001;
  return up;
}

/** Every tenth of the training steps from the top, as adversarially distilled models are sampled (Sauer et al. 2023). */
export function turboSigmas(sampling: ModelSampling, { steps, denoise }: { steps: number; denoise: number }): Sigmas {
  const skipped = 10 - Math.trunc(10 * denoise);
  const times = spread(10, 999, 99).slice(skipped, skipped + steps);
  return toZero(times.map((t) => sampling.sigma(t)));
}

/** Reads numbers with commas, spaces or line breaks between them. Throws `bad-value` naming the first that is no noise level. */
export function sigmasFromText(text: string): Sigmas {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '');
  return Float32Array.from(words, (word) => {
    const sigma = Number(word);
    if (Number.isFinite(sigma) && sigma >= 0) return sigma;
    throw new GraphError(
      'bad-value',
      `“${word}” is no noise level: write numbers from 0 up with commas between them, such as 14.6, 3.2, 0.8, 0.`,
      {
        place: { port: 'sigmas' },
      },
    );
  });
}
