import { GraphError, type SampleOptions, type Tensor } from '../../kit/index.ts';
import { brownianNoise } from '../brownian-tree.ts';
import { requireFalling } from './steps.ts';

/** Noise between two levels of a run, all from one Brownian path (see {@link brownianNoise}). Throws `bad-value` if noise grows. */
export function pathNoise({ sigmas, seed }: SampleOptions, x: Tensor, sampler: string): (from: number, to: number) => Tensor {
  requireFalling(sigmas, sampler);
  const sigmaMax = sigmas[0] ?? 0;
  const sigmaMin = sigmas.findLast((sigma) => sigma > 0);
  if (sigmaMin === undefined) throw new GraphError('bad-value', `${sampler} needs a noise level above 0.`);
  return brownianNoise({ seed, dims: x.dims, sigmaMin, sigmaMax });
}
