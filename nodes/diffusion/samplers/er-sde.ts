import { type SampleLoop, type Tensor, type Term, weightedSum } from '../../kit/index.ts';
import { logSnr, withFiniteSnr } from './log-snr.ts';
import { requireFalling, turnsOf } from './steps.ts';

const points = 200;

/** The noise scale function of the paper's fifth experiment: x·(e^(x^0.3) + 10). */
const noiseScale = (x: number): number => x * (Math.exp(x ** 0.3) + 10);

/** ∫ 1/scale and ∫ (x − s)/scale over [t, s], by rectangles. */
function integrals(s: number, t: number): { plain: number; linear: number } {
  const width = (s - t) / points;
  let [plain, linear] = [0, 0];
  for (let i = 0; i < points; i++) {
    const at = t + i * width;
    plain += width / noiseScale(at);
    linear += ((at - s) * width) / noiseScale(at);
  }
  return { plain, linear };
}

/** ER-SDE-Solver-3: the extended reverse SDE with derivatives of x̂₀ by divided differences (Cui et al. 2023, algorithm 3). */
export const erSde: SampleLoop = async function* (denoise, x, { sigmas: given, noise, sampling }) {
  requireFalling(given, 'er_sde');
  const sigmas = withFiniteSnr(given, sampling);
  const { lambda, alpha } = logSnr(sampling);
  const levels = Array.from(sigmas, (sigma) => Math.exp(-lambda(sigma)));
  let current = x;
  let past: { guess?: Tensor; slope?: Tensor } = {};
  for (const { index, total, sigma, next } of turnsOf(sigmas)) {
    const denoised = await denoise(current, sigma);
    yield { index, total, sigma, x: current, denoised };
    if (next === 0) {
      current = denoised;
      continue;
    }
    const [s = 0, t = 0] = levels.slice(index, index + 2);
    const [scale, r] = [alpha(next), noiseScale(t) / noiseScale(s)];
    const { plain, linear } = integrals(s, t);
    const terms: Term[] = [];
    const gap = s - (levels[index - 1] ?? 0);
    const slope = past.guess && weightedSum([1 / gap, denoised], [-1 / gap, past.guess]);
    if (slope !== undefined) terms.push([scale * (t - s + plain * noiseScale(t)), slope]);
    if (slope !== undefined && past.slope !== undefined) {
      const bend = (scale * ((t - s) ** 2 / 2 + linear * noiseScale(t)) * 2) / (s - (levels[index - 2] ?? 0));
      terms.push([bend, slope], [-bend, past.slope]);
    }
    const spread = Math.sqrt(Math.max(t * t - s * s * r * r, 0));
    const kept = (scale / alpha(sigma)) * r;
    current = weightedSum([kept, current], [scale * (1 - r), denoised], [scale * spread, noise(x.dims)], ...terms);
    past = { guess: denoised, ...(slope === undefined ? {} : { slope }) };
  }
  return current;
};
