import { type SampleLoop, type Sigmas, type Tensor, type Term, weightedSum } from '../../kit/index.ts';
import { logSnr, withFiniteSnr } from './log-snr.ts';
import { requireFalling, type Turn, turnsOf } from './steps.ts';

const order = { predictor: 3, corrector: 4 };

/** Coefficients of the Lagrange polynomial that is 1 at the j-th node, lowest power first. */
function lagrange(nodes: readonly number[], j: number): number[] {
  return nodes.reduce<number[]>(
    (polynomial, node, k) => {
      if (k === j) return polynomial;
      const gap = (nodes[j] ?? 0) - node;
      const shifted = Array.from({ length: polynomial.length + 1 }, (_, p) => polynomial[p - 1] ?? 0);
      return shifted.map((factor, p) => (factor - node * (polynomial[p] ?? 0)) / gap);
    },
    [1],
  );
}

/** Weights of the guesses at λ `nodes` for a step of h to λ = `end`: c·∫ e^(c(λ − end))·ℓ(λ) dλ with c = 1 + τ² (Xue et al. 2023, eqs. 15 and 18). */
function adamsWeights(nodes: readonly number[], { end, h, tau }: { end: number; h: number; tau: number }): number[] {
  const c = 1 + tau * tau;
  const moments: number[] = [];
  for (let p = 0; p < nodes.length; p++) {
    const edge = (p === 0 ? 1 : 0) - (-h) ** p * Math.exp(-c * h);
    moments.push(edge - (p / c) * (moments[p - 1] ?? 0));
  }
  const shifted = nodes.map((node) => node - end);
  return nodes.map((_, j) => lagrange(shifted, j).reduce((sum, factor, p) => sum + factor * (moments[p] ?? 0), 0));
}

/** The levels of a run as the solver sees them. */
interface Walk {
  readonly sigmas: Sigmas;
  readonly lambdas: readonly number[];
  readonly alpha: (sigma: number) => number;
}

/** A step between two levels with guesses that belong to the levels up to the `newest`-th. */
interface AdamsStep {
  readonly from: number;
  readonly to: number;
  readonly newest: number;
  readonly guesses: readonly Tensor[];
  readonly tau: number;
}

function advance({ sigmas, lambdas, alpha }: Walk, state: Tensor, { from, to, newest, guesses, tau }: AdamsStep): Tensor {
  const [end, sigma] = [lambdas[to] ?? 0, sigmas[to] ?? 0];
  const h = end - (lambdas[from] ?? 0);
  const weights = adamsWeights(lambdas.slice(newest - guesses.length + 1, newest + 1), { end, h, tau });
  const terms = guesses.map((guess, k) => [alpha(sigma) * (weights[k] ?? 0), guess] as const);
  return weightedSum([(sigma / (sigmas[from] ?? 1)) * Math.exp(-tau * tau * h), state], ...terms);
}

/** How many guesses the predictor and the corrector use at a step; fewer at the start and, to be stable, at the end of a walk to 0. */
function ordersAt({ index, total, next }: Turn, { known, twice, finished }: { known: number; twice: boolean; finished: boolean }) {
  const left = finished ? total - index : Number.POSITIVE_INFINITY;
  const corrected = index > 0 && (next > 0 || twice);
  return { predictor: Math.min(order.predictor, known, left - 1), corrector: corrected ? Math.min(order.corrector, known, left) : 0 };
}

/**
 * SA-Solver: a stochastic Adams predictor of order three and corrector of order four, with noise in the middle of the way (Xue et al. 2023,
 * algorithm 1); `twice` asks the network again after the correction (PECE).
 */
export const saSolver = (twice: boolean): SampleLoop =>
  async function* (denoise, x, { sigmas: given, noise, sampling }) {
    requireFalling(given, 'sa_solver');
    const sigmas = withFiniteSnr(given, sampling);
    const { lambda, alpha } = logSnr(sampling);
    const walk = { sigmas, lambdas: Array.from(sigmas, lambda), alpha };
    const [noisyFrom, noisyTo] = [sampling.percentToSigma(0.2), sampling.percentToSigma(0.8)];
    let [state, predicted, tau, guesses, added]: [Tensor, Tensor, number, Tensor[], Term[]] = [x, x, 0, [], []];
    for (const turn of turnsOf(sigmas)) {
      const { index, total, sigma, next } = turn;
      let denoised = await denoise(predicted, sigma);
      yield { index, total, sigma, x: predicted, denoised };
      guesses = [...guesses, denoised].slice(-order.corrector);
      const { predictor, corrector } = ordersAt(turn, { known: guesses.length, twice, finished: sigmas.at(-1) === 0 });
      if (corrector === 0) state = predicted;
      else {
        const corrected = advance(walk, state, { from: index - 1, to: index, newest: index, guesses: guesses.slice(-corrector), tau });
        state = weightedSum([1, corrected], ...added);
        if (twice) denoised = await denoise(state, sigma);
        guesses[guesses.length - 1] = denoised;
      }
      if (next === 0) return denoised;
      tau = next <= noisyFrom && next >= noisyTo ? 1 : 0;
      const spread = next * Math.sqrt(-Math.expm1(-2 * tau * ((walk.lambdas[index + 1] ?? 0) - (walk.lambdas[index] ?? 0))));
      added = tau > 0 ? [[spread, noise(x.dims)]] : [];
      predicted = advance(walk, state, { from: index, to: index + 1, newest: index, guesses: guesses.slice(-predictor), tau });
      predicted = weightedSum([1, predicted], ...added);
    }
    return predicted;
  };
