import type { SampleLoop } from '../../kit/index.ts';
import { ddim } from './ddim.ts';
import { ddpm } from './ddpm.ts';
import { dpmpp2m } from './dpmpp-2m.ts';
import { euler } from './euler.ts';
import { eulerAncestral } from './euler-ancestral.ts';
import { heun } from './heun.ts';
import { lcm } from './lcm.ts';

/** Every sampler by the name people know it by. */
export const samplers = {
  euler,
  euler_ancestral: eulerAncestral,
  heun,
  dpmpp_2m: dpmpp2m,
  ddpm,
  ddim,
  lcm,
} satisfies Record<string, SampleLoop>;
export type SamplerName = keyof typeof samplers;
export const samplerNames = [
  'euler',
  'euler_ancestral',
  'heun',
  'dpmpp_2m',
  'ddpm',
  'ddim',
  'lcm',
] as const satisfies readonly SamplerName[];
