import { samplerNamed } from '../diffusion/ksampler-steps.ts';
import { samplerNames } from '../diffusion/samplers/index.ts';
import { choice, defineNode, sampler } from '../kit/index.ts';

/** How a step is taken. */
export default defineNode({
  type: 'KSamplerSelect',
  title: 'Sampler',
  category: 'sample',
  help: 'Chooses how each step is taken. euler is simple, heun runs the network twice a step, dpmpp_2m and uni_pc get far in few steps. Names with ancestral or sde, and ddpm, lcm, er_sde, seeds and sa_solver, add fresh noise on the way. Names with cfg_pp want a low guidance, 1 to 2. Names with _gpu are the same as those without.',
  keywords: ['method', 'euler', 'dpm', 'solver', 'ancestral'],
  inputs: { sampler_name: choice(samplerNames, { default: 'euler', label: 'sampler', help: 'The method by which a step is taken.' }) },
  outputs: { SAMPLER: sampler({ label: 'sampler', help: 'The method, for the sampler loop.' }) },
  run: ({ sampler_name }) => ({ SAMPLER: samplerNamed(sampler_name) }),
});
