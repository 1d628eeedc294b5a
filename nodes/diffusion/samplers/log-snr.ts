import type { ModelSampling, Sigmas } from '../../kit/index.ts';

/** Half the log signal-to-noise ratio λ = ln(α/σ) of a model's noise levels, and back: α is 1, or 1 − σ on a straight path (Lu et al. 2022). */
export interface LogSnr {
  lambda(sigma: number): number;
  sigma(lambda: number): number;
  alpha(sigma: number): number;
}

/** λ, σ and α of a model. */
export function logSnr({ prediction }: ModelSampling): LogSnr {
  if (prediction !== 'flow') return { lambda: (sigma) => -Math.log(sigma), sigma: (lambda) => Math.exp(-lambda), alpha: () => 1 };
  return {
    lambda: (sigma) => Math.log((1 - sigma) / sigma),
    sigma: (lambda) => 1 / (1 + Math.exp(lambda)),
    alpha: (sigma) => 1 - sigma,
  };
}

/** On a straight path λ is infinite at σ = 1: a first level there is moved a ten-thousandth of the way. */
export function withFiniteSnr(sigmas: Sigmas, sampling: ModelSampling): Sigmas {
  if (sampling.prediction !== 'flow' || !((sigmas[0] ?? 0) >= 1)) return sigmas;
  const moved = sigmas.slice();
  moved[0] = sampling.percentToSigma(1e-4);
  return moved;
}
