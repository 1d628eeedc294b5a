import { combine, type SampleLoop } from '../../kit/index.ts';
import { dpmSpan, dpmSteps } from './dpm-solver.ts';

/** DPM-Solver-fast: as many evaluations as there are steps, in steps of third order evenly spaced in ln σ (Lu et al. 2022, section 3.4). Ends at σ_min. */
export const dpmFast: SampleLoop = async function* (denoise, x, { sigmas }) {
  const evaluations = sigmas.length - 1;
  const { start, end } = dpmSpan(sigmas, 'dpm_fast');
  const steps = dpmSteps(denoise);
  const total = Math.floor(evaluations / 3) + 1;
  const orders = evaluations % 3 === 0 ? [2, 1] : [evaluations % 3];
  let current = x;
  for (let index = 0; index < total; index++) {
    const order = orders[index - (total - orders.length)] ?? 3;
    const t = start + ((end - start) * index) / total;
    const h = (end - start) / total;
    const eps = await steps.noise(current, t);
    yield { index, total, sigma: Math.exp(-t), x: current, denoised: combine(1, current, -Math.exp(-t), eps) };
    if (order === 1) {
      current = steps.first(current, eps, { t, h });
      continue;
    }
    const r = order === 2 ? 1 / 2 : 1 / 3;
    const ahead = await steps.ahead(current, eps, { t, h, r });
    current = order === 2 ? steps.second(current, eps, { t, h, r, ahead }) : await steps.third(current, eps, { t, h, ahead });
  }
  return current;
};
