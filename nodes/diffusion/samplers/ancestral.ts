import type { ModelSampling } from '../../kit/index.ts';

/** σ_down and σ_up of an ancestral step: σ_down² + σ_up² = to² (k-diffusion, Katherine Crowson 2022). `from` may be infinite. */
export function ancestralStep(from: number, to: number, eta = 1): { down: number; up: number } {
  const up = Math.min(to, eta * to * Math.sqrt(1 - (to / from) ** 2));
  return { down: Math.sqrt(to * to - up * up), up };
}

const single = Math.fround;
const square = (value: number): number => single(value * value);

/** The same in single precision as the reference has it: a level half-way between two training steps is looked up on the same side then. */
function singleAncestralStep(from: number, to: number): { down: number; up: number } {
  const variance = single(single(square(to) * single(square(from) - square(to))) / square(from));
  const up = Math.min(to, single(Math.sqrt(variance)));
  return { down: single(Math.sqrt(single(square(to) - square(up)))), up };
}

/** Where a solver is to go, and how noise is put back on what it gives: kept·x + up·ε. */
export interface Renoising {
  readonly down: number;
  readonly kept: number;
  readonly up: number;
}

/** {@link ancestralStep} for any model; on a straight path x is shrunk as noise is added, so that its level is `to` again. */
export function renoising({ prediction }: ModelSampling, from: number, to: number): Renoising {
  if (prediction !== 'flow') return { ...singleAncestralStep(from, to), kept: 1 };
  const down = (to * to) / from;
  const kept = (1 - to) / (1 - down);
  return { down, kept, up: Math.sqrt(to * to - down * down * kept * kept) };
}
