import { samplerNames, samplers } from '../diffusion/samplers/index.ts';
import { choice, defineNode, sampler } from '../kit/index.ts';

/** How a step is taken. */
export default defineNode({
  type: 'KSamplerSelect',
  title: 'Sampler',
  category: 'sample',
  help: 'Chooses how each step is taken. euler is simple, heun runs the network twice a step, dpmpp_2m gets far in few steps; euler_ancestral, ddpm and lcm add fresh noise on the way, the others do not.',
  inputs: { sampler_name: choice(samplerNames, { default: 'euler', label: 'sampler', help: 'The method by which a step is taken.' }) },
  outputs: { SAMPLER: sampler({ label: 'sampler', help: 'The method, for the sampler loop.' }) },
  run: ({ sampler_name }) => ({ SAMPLER: { name: sampler_name, loop: samplers[sampler_name] } }),
});
