import { combine, concatBatch, type Guider, type Latent, type Plot, scale, type Tensor } from '../kit/index.ts';
import { forwardAt, trainingStep } from './forward-process.ts';
import { fitToModel, requireClean } from './noisy-latents.ts';
import { toScaled } from './parameterisation.ts';
import { boundWeight } from './posterior.ts';
import { torchNormal } from './random.ts';
import { meanSquaredError } from './statistics.ts';

/** Where and how often the loss is measured. */
export interface LossRequest {
  readonly guider: Guider;
  /** Clean; each item of a batch counts. */
  readonly latent: Latent;
  readonly timesteps: readonly number[];
  readonly draws: number;
  readonly seed: bigint;
}

/** The loss at one training step: the mean of (ε − ε̂)² over elements and draws, and the same weighted for the bound, in nats an element. */
export interface LossAt {
  readonly t: number;
  readonly simple: number;
  readonly weight: number;
  readonly bound: number;
}

/** x₀ as often as there are draws, and noise for each; the same noise at every t, so that the curve is smooth. */
function drawn({ guider: { model }, latent, draws, seed }: LossRequest): { x0: Tensor; noise: Tensor } {
  requireClean(latent, 'The training loss');
  const fitted = toScaled(fitToModel(latent, model).samples, model.latent);
  const x0 = concatBatch(Array.from({ length: draws }, () => fitted));
  return { x0, noise: torchNormal(seed)(x0.dims) };
}

/** Measures the training loss ‖ε − ε_θ(√ᾱ·x₀ + √(1−ᾱ)·ε, t)‖² (Ho et al. 2020, eq. 14), one training step after the other. */
export async function* lossByTimestep(request: LossRequest): AsyncGenerator<LossAt, void, void> {
  const { guider, timesteps } = request;
  const { schedule } = guider.model.sampling;
  const { x0, noise } = drawn(request);
  for (const t of timesteps) {
    const { alphaBar, sigma } = trainingStep(schedule, t);
    const x = scale(forwardAt(x0, noise, alphaBar), 1 / Math.sqrt(alphaBar));
    const denoised = await guider.denoise(x, sigma);
    const simple = meanSquaredError(noise, combine(1 / sigma, x, -1 / sigma, denoised));
    const weight = t === 0 ? Number.NaN : boundWeight(schedule, t);
    yield { t, simple, weight, bound: weight * simple };
  }
}

/** The measured losses as curves over t; on a logarithmic scale L_t is the sum of the loss and its weight. */
export function lossPlot(losses: readonly LossAt[], { title, withBound }: { title: string; withBound: boolean }): Plot {
  const curve = (label: string, pick: (loss: LossAt) => number) => ({ label, curves: [{ label, y: losses.map(pick) }] });
  const plain = curve('‖ε − ε̂‖²', (loss) => loss.simple);
  const simple = curve('log₁₀ ‖ε − ε̂‖²', (loss) => Math.log10(loss.simple));
  const bound = [curve('log₁₀ weight', ({ weight }) => Math.log10(weight)), curve('log₁₀ L_t', (loss) => Math.log10(loss.bound))];
  return { title, xLabel: 't', x: losses.map(({ t }) => t), panels: withBound ? [simple, ...bound] : [plain, simple] };
}
