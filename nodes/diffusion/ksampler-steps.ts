import type { ModelSampling, Sampler, Sigmas } from '../kit/index.ts';
import { type SamplerName, samplers } from './samplers/index.ts';
import { type SigmaRequest, sigmaSchedules, trimmed } from './sigma-schedules.ts';

/** Samplers that take no step to the last level above 0: their last two steps are one. */
const skipsLastLevel: readonly SamplerName[] = ['dpm_2', 'dpm_2_ancestral', 'uni_pc', 'uni_pc_bh2'];

/** A sampler by name, as it goes on a wire. */
export const samplerNamed = (name: SamplerName): Sampler => ({
  name,
  loop: samplers[name],
  ...(name === 'ddim' ? { freshMaskNoise: true } : {}),
});

/** The noise levels of a KSampler: for some samplers one step more is laid out and the last level above 0 left out. */
export function ksamplerSigmas(sampling: ModelSampling, request: SigmaRequest & { readonly sampler: SamplerName }): Sigmas {
  const schedule = sigmaSchedules[request.scheduler];
  if (!skipsLastLevel.includes(request.sampler)) return trimmed((steps) => schedule(sampling, steps), request);
  return trimmed((steps) => {
    const levels = schedule(sampling, steps + 1);
    return levels.filter((_, i) => i !== levels.length - 2);
  }, request);
}

/** Which of the steps are taken, and whether the last one goes to 0 though more would follow. */
export interface StepRange {
  readonly start: number;
  readonly end: number;
  readonly toZero: boolean;
}

/** The levels of some of the steps; none where the first one lies beyond the last. */
export function stepsBetween(sigmas: Sigmas, { start, end, toZero }: StepRange): Sigmas {
  const cut = end < sigmas.length - 1 ? sigmas.slice(0, end + 1) : sigmas.slice();
  if (toZero && end < sigmas.length - 1 && cut.length > 0) cut[cut.length - 1] = 0;
  return start < cut.length - 1 ? cut.slice(start) : new Float32Array(0);
}
