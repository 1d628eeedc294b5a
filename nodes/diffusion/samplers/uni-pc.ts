import { type SampleLoop, type Tensor, weightedSum } from '../../kit/index.ts';
import { turnsOf } from './steps.ts';

const mostOrder = 3;
/** Where the last step goes instead of 0, which has no λ. */
const almostClean = 0.001;

/** Solves a small system by elimination with the largest pivot. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] ?? 0]);
  for (let c = 0; c < rows.length; c++) {
    const below = rows.slice(c).reduce((best, row, i) => (Math.abs(row[c] ?? 0) > Math.abs(rows[best]?.[c] ?? 0) ? c + i : best), c);
    const pivot = rows[below] ?? [];
    rows[below] = rows[c] ?? [];
    rows[c] = pivot;
    rows.forEach((row, r) => {
      const factor = r === c ? 0 : (row[c] ?? 0) / (pivot[c] ?? 1);
      if (factor !== 0) rows[r] = row.map((value, k) => value - factor * (pivot[k] ?? 0));
    });
  }
  return rows.map((row, i) => (row[rows.length] ?? 0) / (row[i] ?? 1));
}

/** How much the differences of guesses count in a step, for the predictor and, with the guess at its end, for the corrector. */
function rhos(ratios: readonly number[], h: number, scale: number): { predictor: number[]; corrector: number[] } {
  const order = ratios.length;
  const b: number[] = [];
  let [phi, factorial] = [Math.expm1(-h) / -h - 1, 1];
  for (let i = 1; i <= order; i++) {
    b.push((phi * factorial) / scale);
    factorial *= i + 1;
    phi = phi / -h - 1 / factorial;
  }
  const powers = ratios.map((_, i) => ratios.map((ratio) => ratio ** i));
  const predictor =
    order <= 2
      ? [0.5]
      : solve(
          powers.slice(0, -1).map((row) => row.slice(0, -1)),
          b.slice(0, -1),
        );
  return { predictor, corrector: order === 1 ? [0.5] : solve(powers, b) };
}

/** A past guess and its level. */
interface Past {
  readonly denoised: Tensor;
  readonly sigma: number;
}

/** One step of UniPC to `next` from the newest guess; `corrected` takes the guess that was made where the step led. */
function unifiedStep(x: Tensor, past: readonly Past[], { next, squared }: { next: number; squared: boolean }) {
  const [now, ...before] = past;
  if (now === undefined) return { predicted: x, corrected: () => x };
  const h = Math.log(now.sigma / next);
  const gone = -Math.expm1(-h);
  const scale = squared ? -gone : -h;
  const ratios = [...before.map(({ sigma }) => Math.log(now.sigma / sigma) / h), 1];
  const { predictor, corrector } = rhos(ratios, h, scale);
  const moved = (weights: readonly number[], guesses: readonly Tensor[]): Tensor => {
    const shares = guesses.map((_, k) => (scale * (weights[k] ?? 0)) / (ratios[k] ?? 1));
    const kept = gone + shares.reduce((sum, share) => sum + share, 0);
    return weightedSum([next / now.sigma, x], [kept, now.denoised], ...guesses.map((guess, k) => [-(shares[k] ?? 0), guess] as const));
  };
  const older = before.map(({ denoised }) => denoised);
  return { predicted: moved(predictor, older), corrected: (there: Tensor) => moved(corrector, [...older, there]) };
}

/** UniPC of order three: a multistep predictor, corrected with the guess at its end, which costs nothing more (Zhao et al. 2023, B₁(h) or B₂(h)). */
export const uniPc = ({ squared }: { squared: boolean }): SampleLoop =>
  async function* (denoise, x, { sigmas }) {
    let [current, past, step]: [Tensor, Past[], ReturnType<typeof unifiedStep> | undefined] = [x, [], undefined];
    for (const { index, total, sigma, next } of turnsOf(sigmas)) {
      const denoised = await denoise(current, sigma);
      yield { index, total, sigma, x: current, denoised };
      if (step !== undefined) current = step.corrected(denoised);
      const order = Math.max(Math.min(mostOrder, total - 1), 1);
      past = [{ denoised, sigma }, ...past].slice(0, order);
      const used = past.slice(0, index + 1 < order ? index + 1 : Math.min(order, total - index));
      step = unifiedStep(current, used, { next: next === 0 ? almostClean : next, squared });
      current = step.predicted;
    }
    return current;
  };
