import { GraphError, type Guider, type Latent, type Noise, type NoiseStream, type SampleLoop, type Tensor } from '../kit/index.ts';
import { noNoise } from './noise.ts';
import { shownSigma } from './noisy-latents.ts';
import { ddim } from './samplers/ddim.ts';
import { ddpm } from './samplers/ddpm.ts';
import { euler } from './samplers/euler.ts';
import { startOf } from './sampling-run.ts';

/** Ways to take one step by hand. */
export const stepMethods = ['euler', 'ddim', 'ddpm'] as const;
export type StepMethod = (typeof stepMethods)[number];

/** The sampler whose single step this is: a loop over two noise levels. */
export const stepLoops = { euler, ddim, ddpm } satisfies Record<StepMethod, SampleLoop>;

/** The draw that a loop would make at step `index`: the stream is run forward to it. */
export function drawAt(noise: Noise, index: number): NoiseStream {
  return (dims) => {
    const stream = noise.stream();
    for (let i = 0; i < index; i++) stream(dims);
    return stream(dims);
  };
}

/** σ before and after step `index`; throws `out-of-range` naming how many steps there are. */
export function levelsAt(sigmas: Float32Array, index: number): Float32Array {
  const pair = sigmas.subarray(index, index + 2);
  if (pair.length === 2) return pair;
  const count = Math.max(sigmas.length - 1, 0);
  throw new GraphError(
    'out-of-range',
    `There is no step ${index}: the sigmas have ${count} steps, counted from 0. Choose 0 to ${count - 1}, or ask for more steps.`,
  );
}

/** Which step it is: `fresh` steps draw noise. */
export interface StepPlace {
  readonly sigma: number;
  readonly step: number;
  readonly fresh: boolean;
}

/**
 * The scaled latent that a step starts from. A clean latent is right only at step 0, where the starting noise is mixed in; later
 * the latent must hold the noise of its level. Throws `noise-mismatch` or `missing-input`.
 */
export function startOfStep(
  { guider, latent, noise }: { guider: Guider; latent: Latent; noise: Noise },
  { sigma, step, fresh }: StepPlace,
): Tensor {
  const clean = (latent.noise?.sigma ?? 0) === 0;
  if (noise.silent && (fresh || (clean && step === 0))) {
    throw new GraphError(
      'missing-input',
      `Step ${step} needs ${fresh ? 'fresh' : 'starting'} noise: wire a “Noise” node to the noise input.`,
      { place: { port: 'noise' } },
    );
  }
  if (!clean) return startOf({ guider, latent, noise: noNoise }, sigma);
  if (step === 0) return startOf({ guider, latent, noise }, sigma);
  throw new GraphError(
    'noise-mismatch',
    `Step ${step} goes on from a latent with noise of σ = ${shownSigma(sigma)}, but this latent is clean. Wire the next latent of step ${step - 1} to it, or set step to 0.`,
    { place: { port: 'latent' } },
  );
}
