import { type SampleLoop, type Tensor, type Term, weightedSum } from '../../kit/index.ts';
import { logSnr, withFiniteSnr } from './log-snr.ts';
import { pathNoise } from './path-noise.ts';
import { turnsOf } from './steps.ts';

interface Past {
  readonly denoised: Tensor;
  readonly h: number;
}

/** What the past guesses add: the first and second derivative of x̂₀ in λ by divided differences. `span` is (1 + η)·h. */
function bends([now, one, two]: readonly (Past | undefined)[], span: number): Term[] {
  if (now === undefined || one === undefined) return [];
  const phi2 = Math.expm1(-span) / span + 1;
  const r0 = one.h / now.h;
  if (two === undefined)
    return [
      [phi2 / r0, now.denoised],
      [-phi2 / r0, one.denoised],
    ];
  const phi3 = phi2 / span - 0.5;
  const r1 = two.h / now.h;
  const slope = phi2 * (1 + r0 / (r0 + r1)) - phi3 / (r0 + r1);
  const earlier = (-phi2 * r0 + phi3) / (r0 + r1);
  return [
    [slope / r0, now.denoised],
    [-slope / r0 + earlier / r1, one.denoised],
    [-earlier / r1, two.denoised],
  ];
}

/** SDE-DPM-Solver++ of third order, multistep (Lu et al. 2022; this form is k-diffusion's, 2023). */
export const dpmpp3mSde: SampleLoop = async function* (denoise, x, options) {
  const { lambda, alpha } = logSnr(options.sampling);
  const noise = pathNoise(options, x, 'dpmpp_3m_sde');
  let current = x;
  let past: readonly Past[] = [];
  for (const { index, total, sigma, next } of turnsOf(withFiniteSnr(options.sigmas, options.sampling))) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    if (next === 0) {
      current = denoised;
      continue;
    }
    const h = lambda(next) - lambda(sigma);
    past = [{ denoised, h }, ...past].slice(0, 3);
    const gone = -Math.expm1(-2 * h);
    const terms = bends(past, 2 * h).map(([factor, guess]) => [alpha(next) * factor, guess] as const);
    current = weightedSum(
      [(next / sigma) * Math.exp(-h), current],
      [alpha(next) * gone, denoised],
      [next * Math.sqrt(gone), noise(sigma, next)],
      ...terms,
    );
  }
  return current;
};
