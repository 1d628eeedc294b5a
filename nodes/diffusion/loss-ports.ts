import { type Guider, guider, int, type Latent, latent, type NodeEvent, seed } from '../kit/index.ts';
import { evenSteps } from './forward-process.ts';
import { type LossAt, lossByTimestep } from './loss-by-timestep.ts';

/** The inputs of every node that measures a loss over training steps. */
export const lossPorts = {
  guider: guider({ label: 'denoiser', help: 'The network with its prompts, from “U-Net (guidance)”.' }),
  x_0: latent({ label: 'x₀', help: 'A clean latent, such as an encoded picture.' }),
  points: int({
    label: 'points',
    default: 25,
    min: 2,
    max: 1000,
    slider: true,
    help: 'At how many training steps to measure, evenly spread.',
  }),
  draws: int({ label: 'draws', default: 4, min: 1, max: 256, help: 'How many noises to average over at each step.' }),
  seed: seed({ label: 'seed', help: 'Which noises.' }),
};

/** The values of {@link lossPorts}, and the training step t to begin with. */
export interface LossRequest {
  readonly guider: Guider;
  readonly x_0: Latent;
  readonly points: number;
  readonly draws: number;
  readonly seed: bigint;
  readonly first: number;
}

/** Measures the losses from `first` to the last training step, telling each; can be stopped between two. */
export async function* measureLosses(
  { guider: denoiser, x_0, points, draws, seed: chance, first }: LossRequest,
  signal: AbortSignal,
): AsyncGenerator<NodeEvent, readonly LossAt[], void> {
  const timesteps = evenSteps({ first, last: denoiser.model.sampling.schedule.betas.length - 1, count: points });
  const losses: LossAt[] = [];
  for await (const loss of lossByTimestep({ guider: denoiser, latent: x_0, timesteps, draws, seed: chance })) {
    losses.push(loss);
    yield { kind: 'step', index: losses.length, total: points };
    signal.throwIfAborted();
  }
  return losses;
}
