import {
  type Conditionings,
  combine,
  type Denoise,
  type DenoiseBoth,
  type DiffusionModel,
  type GuessPair,
  type Guider,
  type Tensor,
  weightedSum,
} from '../kit/index.ts';
import { checkPrompts, sideGuesses } from './prompt-guesses.ts';

/** Classifier-free guidance (Ho & Salimans 2022): u + cfg·(c − u). */
export interface Guidance {
  readonly positive: Conditionings;
  readonly negative: Conditionings;
  readonly cfg: number;
}

const isOne = (cfg: number): boolean => Math.abs(cfg - 1) < 1e-9;

const plainJoin = ({ cfg, wanted, unwanted }: GuessPair): Tensor => combine(cfg, wanted, 1 - cfg, unwanted);

/** As many results as there are sides, the missing ones empty. */
const three = ([a, b, c]: readonly Tensor[]): { a: Tensor; b: Tensor; c: Tensor } => {
  const none = { dims: [0], data: new Float32Array(0) };
  return { a: a ?? none, b: b ?? none, c: c ?? none };
};

/** The model's guess of x₀ with no guidance: the mean over all prompts. An unwanted side only says where it acts. */
export function conditioned(model: DiffusionModel, positive: Conditionings, negative: Conditionings = []): Denoise {
  checkPrompts('positive', positive);
  const guesses = sideGuesses(model, { prompts: [positive, negative], asked: 1 });
  return async (x, sigma, around) => three(await guesses(x, sigma, around)).a;
}

/** The guess of both prompts together and of the unwanted one alone; both sides are run whatever cfg is. */
export function guidedBoth(model: DiffusionModel, { positive, negative, cfg }: Guidance): DenoiseBoth {
  checkPrompts('positive', positive);
  checkPrompts('negative', negative);
  const guesses = sideGuesses(model, { prompts: [positive, negative], asked: 2 });
  const join = model.joinGuesses ?? plainJoin;
  return async (x, sigma, around) => {
    const { a: wanted, b: unwanted } = three(await guesses(x, sigma, around));
    return { denoised: join({ x, sigma, cfg, wanted, unwanted }), unwanted };
  };
}

/** The guided denoiser. At cfg 1 the negative side is not run at all. */
export function guided(model: DiffusionModel, guidance: Guidance): Denoise {
  if (isOne(guidance.cfg)) return conditioned(model, guidance.positive, guidance.negative);
  const both = guidedBoth(model, guidance);
  return async (x, sigma, around) => (await both(x, sigma, around)).denoised;
}

/** A model with its prompts, as samplers take it. */
export function cfgGuider(model: DiffusionModel, guidance: Guidance): Guider {
  let both: DenoiseBoth | undefined;
  return {
    model,
    denoise: guided(model, guidance),
    async denoiseBoth(x, sigma, around) {
      both ??= guidedBoth(model, guidance);
      return both(x, sigma, around);
    },
  };
}

/** Two wanted prompts, each pushed away from the next: `cfgFirst` the first from the second, `cfgSecond` the second from the unwanted one. */
export interface DualGuidance {
  readonly first: Conditionings;
  readonly second: Conditionings;
  readonly negative: Conditionings;
  readonly cfgFirst: number;
  readonly cfgSecond: number;
  readonly nested: boolean;
}

/** A guider that can leave out sides whose share is 0, but not where a sampler wants both guesses. */
function guiderOf(model: DiffusionModel, guess: (asked: number) => DenoiseBoth, { asked, all }: { asked: number; all: number }): Guider {
  const least = guess(asked);
  let both: DenoiseBoth | undefined;
  return {
    model,
    denoise: async (x, sigma, around) => (await least(x, sigma, around)).denoised,
    async denoiseBoth(x, sigma, around) {
      both ??= guess(all);
      return both(x, sigma, around);
    },
  };
}

/** Guidance by two prompts (Brooks et al. 2023, eq. 3); `nested` guides what the two give together. Sides whose share is 0 are not run. */
export function dualGuider(model: DiffusionModel, guidance: DualGuidance): Guider {
  const { first, second, negative, cfgFirst, cfgSecond, nested } = guidance;
  for (const [name, side] of Object.entries({ first, second, negative })) checkPrompts(name, side);
  const join = model.joinGuesses ?? plainJoin;
  const guess = (asked: number): DenoiseBoth => {
    const guesses = sideGuesses(model, { prompts: [first, second, negative], asked });
    return async (x, sigma, around) => {
      const { a, b, c } = three(await guesses(x, sigma, around));
      if (asked === 1) return { denoised: a, unwanted: a };
      if (nested) {
        const text = join({ x, sigma, cfg: cfgFirst, wanted: a, unwanted: b });
        return { denoised: combine(cfgSecond, text, 1 - cfgSecond, c), unwanted: b };
      }
      const base = asked === 2 ? b : join({ x, sigma, cfg: cfgSecond, wanted: b, unwanted: c });
      return { denoised: weightedSum([1, base], [cfgFirst, a], [-cfgFirst, b]), unwanted: c };
    };
  };
  const needed = isOne(cfgFirst) ? 1 : 2;
  return guiderOf(model, guess, { asked: nested || !isOne(cfgSecond) ? 3 : needed, all: 3 });
}

/** Guidance with a neutral prompt between the wanted and the unwanted one. */
export interface PerpendicularGuidance {
  readonly positive: Conditionings;
  readonly negative: Conditionings;
  readonly empty: Conditionings;
  readonly cfg: number;
  readonly negativeScale: number;
}

const dot = (a: Tensor, b: Tensor): number => a.data.reduce((sum, value, i) => sum + value * (b.data[i] ?? 0), 0);

/**
 * Of the unwanted direction only what is perpendicular to the wanted one is taken away (Perp-Neg, Armandpour et al. 2023, eq. 8), on
 * guesses of the noise.
 */
export function perpNegGuider(model: DiffusionModel, { positive, negative, empty, cfg, negativeScale }: PerpendicularGuidance): Guider {
  for (const [name, side] of Object.entries({ positive, negative, empty })) checkPrompts(name, side);
  const guess = (asked: number): DenoiseBoth => {
    const guesses = sideGuesses(model, { prompts: [positive, empty, negative], asked });
    return async (x, sigma, around) => {
      const { a: wanted, b: neutral, c: unwanted } = three(await guesses(x, sigma, around));
      if (asked === 1) return { denoised: wanted, unwanted: wanted };
      const towards = combine(1, wanted, -1, neutral);
      if (asked === 2) return { denoised: combine(1, neutral, cfg, towards), unwanted: neutral };
      const away = combine(1, unwanted, -1, neutral);
      const along = dot(towards, away) / Math.max(dot(towards, towards), Number.MIN_VALUE);
      const denoised = weightedSum([1, neutral], [cfg * (1 + negativeScale * along), towards], [-cfg * negativeScale, away]);
      return { denoised, unwanted };
    };
  };
  const needed = isOne(cfg) ? 1 : 2;
  return guiderOf(model, guess, { asked: Math.abs(negativeScale) < 1e-9 ? needed : 3, all: 3 });
}
