import type { SampleLoop } from '../../kit/index.ts';
import { ddim } from './ddim.ts';
import { ddpm } from './ddpm.ts';
import { deis } from './deis.ts';
import { dpm2, dpm2Ancestral } from './dpm-2.ts';
import { dpmAdaptive } from './dpm-adaptive.ts';
import { dpmFast } from './dpm-fast.ts';
import { dpmpp2m } from './dpmpp-2m.ts';
import { dpmpp2mCfgPlusPlus } from './dpmpp-2m-cfg-pp.ts';
import { dpmpp2mSde, dpmpp2mSdeHeun } from './dpmpp-2m-sde.ts';
import { dpmpp2sAncestral, dpmpp2sAncestralCfgPlusPlus } from './dpmpp-2s-ancestral.ts';
import { dpmpp3mSde } from './dpmpp-3m-sde.ts';
import { dpmppSde } from './dpmpp-sde.ts';
import { erSde } from './er-sde.ts';
import { euler } from './euler.ts';
import { eulerAncestral } from './euler-ancestral.ts';
import { eulerCfgPlusPlus } from './euler-cfg-pp.ts';
import { gradientEstimation } from './gradient-estimation.ts';
import { heun } from './heun.ts';
import { heunpp2 } from './heunpp2.ts';
import { ipndm, ipndmV } from './ipndm.ts';
import { lcm } from './lcm.ts';
import { lms } from './lms.ts';
import { plms } from './plms.ts';
import { resMultistep } from './res-multistep.ts';
import { saSolver } from './sa-solver.ts';
import { seeds2, seeds3 } from './seeds.ts';
import { uniPc } from './uni-pc.ts';

/** Every sampler by the name people know it by, in the order they know; `plms`, which ComfyUI lacks, comes last. The `_gpu` names draw the same noise here: it never depends on the device. */
export const samplers = {
  euler,
  euler_cfg_pp: eulerCfgPlusPlus(0),
  euler_ancestral: eulerAncestral,
  euler_ancestral_cfg_pp: eulerCfgPlusPlus(1),
  heun,
  heunpp2,
  dpm_2: dpm2,
  dpm_2_ancestral: dpm2Ancestral,
  lms,
  dpm_fast: dpmFast,
  dpm_adaptive: dpmAdaptive,
  dpmpp_2s_ancestral: dpmpp2sAncestral,
  dpmpp_2s_ancestral_cfg_pp: dpmpp2sAncestralCfgPlusPlus,
  dpmpp_sde: dpmppSde,
  dpmpp_sde_gpu: dpmppSde,
  dpmpp_2m: dpmpp2m,
  dpmpp_2m_cfg_pp: dpmpp2mCfgPlusPlus,
  dpmpp_2m_sde: dpmpp2mSde,
  dpmpp_2m_sde_gpu: dpmpp2mSde,
  dpmpp_2m_sde_heun: dpmpp2mSdeHeun,
  dpmpp_2m_sde_heun_gpu: dpmpp2mSdeHeun,
  dpmpp_3m_sde: dpmpp3mSde,
  dpmpp_3m_sde_gpu: dpmpp3mSde,
  ddpm,
  lcm,
  ipndm,
  ipndm_v: ipndmV,
  deis,
  res_multistep: resMultistep({ eta: 0, plusPlus: false }),
  res_multistep_cfg_pp: resMultistep({ eta: 0, plusPlus: true }),
  res_multistep_ancestral: resMultistep({ eta: 1, plusPlus: false }),
  res_multistep_ancestral_cfg_pp: resMultistep({ eta: 1, plusPlus: true }),
  gradient_estimation: gradientEstimation(false),
  gradient_estimation_cfg_pp: gradientEstimation(true),
  er_sde: erSde,
  seeds_2: seeds2,
  seeds_3: seeds3,
  sa_solver: saSolver(false),
  sa_solver_pece: saSolver(true),
  ddim,
  uni_pc: uniPc({ squared: false }),
  uni_pc_bh2: uniPc({ squared: true }),
  plms,
} satisfies Record<string, SampleLoop>;
export type SamplerName = keyof typeof samplers;

const isName = (name: string): name is SamplerName => name in samplers;

/** The names in their order. */
export const samplerNames: readonly SamplerName[] = Object.keys(samplers).filter(isName);
