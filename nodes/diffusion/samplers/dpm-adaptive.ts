import { combine, type SampleLoop, type Tensor } from '../../kit/index.ts';
import { dpmSpan, dpmSteps } from './dpm-solver.ts';

const tolerance = { relative: 0.05, absolute: 0.0078 };
const acceptedFrom = 0.81;

/** Root mean square of (low − high) against what is tolerated at each place. */
function errorOf(low: Tensor, high: Tensor, previous: Tensor): number {
  let sum = 0;
  for (let i = 0; i < low.data.length; i++) {
    const value = low.data[i] ?? 0;
    const size = Math.max(Math.abs(value), Math.abs(previous.data[i] ?? 0));
    sum += ((value - (high.data[i] ?? 0)) / Math.max(tolerance.absolute, tolerance.relative * size)) ** 2;
  }
  return Math.sqrt(sum / low.data.length);
}

/**
 * DPM-Solver-23 with a step size that follows the difference of orders two and three; the number of steps only sets the noise range (Lu et al.
 * 2022, appendix C). Each try is told as a step.
 */
export const dpmAdaptive: SampleLoop = async function* (denoise, x, { sigmas }) {
  const span = dpmSpan(sigmas, 'dpm_adaptive');
  const steps = dpmSteps(denoise);
  let [current, previous, t, width] = [x, x, span.start, 0.05];
  for (let index = 0; t < span.end - 1e-5; index++) {
    const h = Math.min(span.end, t + width) - t;
    const eps = await steps.noise(current, t);
    yield {
      index,
      total: Math.max(sigmas.length - 1, index + 1),
      sigma: Math.exp(-t),
      x: current,
      denoised: combine(1, current, -Math.exp(-t), eps),
    };
    const ahead = await steps.ahead(current, eps, { t, h, r: 1 / 3 });
    const low = steps.second(current, eps, { t, h, r: 1 / 3, ahead });
    const high = await steps.third(current, eps, { t, h, ahead });
    const factor = 1 + Math.atan((1 / (errorOf(low, high, previous) + 1e-8)) ** (1 / 3) - 1);
    if (factor >= acceptedFrom) [previous, current, t] = [low, high, t + h];
    width *= factor;
  }
  return current;
};
