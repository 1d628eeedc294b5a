import {
  type Denoise,
  type DenoiseBoth,
  GraphError,
  type Guider,
  type Latent,
  type Noise,
  type NoiseStream,
  type SampleLoop,
  type Sampler,
  type SampleStep,
  type Sigmas,
  scale,
  type Tensor,
} from '../kit/index.ts';
import { masked, maskedBoth } from './masked-denoise.ts';
import { fitToModel, inForm, networkScale, requireFinite, sameLevel, shownSigma } from './noisy-latents.ts';
import { explodingLevel, explodingScale, startingPoint, toScaled, toUnscaled } from './parameterisation.ts';
import { fitMask } from './prompt-parts.ts';
import { torchNormal } from './random.ts';

/** All that a sampling run needs. */
export interface SamplingRun {
  readonly guider: Guider;
  readonly sampler: Sampler;
  readonly sigmas: Sigmas;
  readonly noise: Noise;
  readonly latent: Latent;
  /** Take the latent's values whatever noise they hold, as ComfyUI's samplers do. */
  readonly asGiven?: boolean;
}

/** The result in unscaled space, and the last clean guess. */
export interface SampledLatents {
  readonly output: Latent;
  readonly denoised: Latent;
}

/** What goes in, and what the sampler does with the noise in it. */
type Beginning = Pick<SamplingRun, 'guider' | 'noise' | 'latent' | 'asGiven'>;

/** The noise that a latent holds, measured in the model's space, which may be another than the one it was noised in. */
const heldBy = ({ guider, latent }: Beginning): number =>
  latent.noise === undefined ? 0 : (latent.noise.sigma * guider.model.latent.scale) / networkScale(latent);

/** Says in a sentence or two what is odd about the noise in the latent for a run from `sigma` on; undefined where nothing is. */
export function oddNoise(beginning: Beginning, sigma: number): string | undefined {
  const left = heldBy(beginning);
  if (left === 0) return undefined;
  if (!beginning.noise.silent)
    return `The latent already holds noise of σ = ${shownSigma(left)}, and more would be added. Wire “No noise” to the noise input, or disable “add noise”, to go on from it, or wire a clean latent.`;
  const wanted = explodingLevel(beginning.guider.model.sampling, sigma);
  if (sameLevel(left, wanted)) return undefined;
  return `The latent holds noise of σ = ${shownSigma(left)}, but the first step is made for σ = ${shownSigma(wanted)}. Go on with the steps and the spacing that it was left at.`;
}

/**
 * Where sampling starts, in scaled exploding form: a clean latent gets the starting noise; a noisy one is taken as it is if
 * its σ is the first of the schedule and the noise source is silent. Otherwise `noise-mismatch`, unless it is to be taken as given.
 */
export function startOf(beginning: Beginning, sigma: number): Tensor {
  const { guider, noise, latent, asGiven = false } = beginning;
  const { model } = guider;
  if (latent.noise?.each !== undefined) {
    throw new GraphError(
      'noise-mismatch',
      'The pictures of this batch hold different amounts of noise, but a sampler takes them all through the same noise levels. Wire a latent with one noise level.',
    );
  }
  const odd = asGiven ? undefined : oddNoise(beginning, sigma);
  if (odd !== undefined) throw new GraphError('noise-mismatch', odd);
  const fitted = inForm(fitToModel(latent, model), 'exploding');
  const scaled = toScaled(fitted.samples, model.latent);
  return noise.silent
    ? scaledBy(scaled, 1 / explodingScale(model.sampling, sigma))
    : startingPoint(scaled, noise.initial(fitted), { sigma, sampling: model.sampling });
}

const scaledBy = (x: Tensor, factor: number): Tensor => (factor === 1 ? x : scale(x, factor));

/** A result in unscaled space that says how much noise is left in it. */
export function latentAt(scaled: Tensor, sigma: number, { guider, latent }: Pick<SamplingRun, 'guider' | 'latent'>): Latent {
  const { noise: _, ...kept } = latent;
  const { latent: format, sampling } = guider.model;
  const clean = { ...kept, samples: toUnscaled(scaledBy(scaled, explodingScale(sampling, sigma)), format), scale: format.scale };
  return sigma > 0 ? { ...clean, noise: { sigma: explodingLevel(sampling, sigma), form: 'exploding' } } : clean;
}

/** Stops between two evaluations of the network when the run is cancelled, and names a network that gives no numbers. */
const guarded =
  (denoise: Denoise, signal: AbortSignal): Denoise =>
  async (x, sigma, around) => {
    signal.throwIfAborted();
    requireFinite(x, `The latent at σ = ${shownSigma(sigma)}`, 'sampler');
    return requireFinite(await denoise(x, sigma, around), `The network's prediction at σ = ${shownSigma(sigma)}`);
  };

const guardedBoth =
  (both: DenoiseBoth, signal: AbortSignal): DenoiseBoth =>
  async (x, sigma, around) => {
    signal.throwIfAborted();
    requireFinite(x, `The latent at σ = ${shownSigma(sigma)}`, 'sampler');
    const found = await both(x, sigma, around);
    requireFinite(found.denoised, `The network's prediction at σ = ${shownSigma(sigma)}`);
    return found;
  };

/** What a sampler is to ask, in the surroundings of this run: with a mask, only what is under it is made anew. */
function asked({ guider, sampler, noise, latent }: SamplingRun, signal: AbortSignal): { denoise: Denoise; both: DenoiseBoth } {
  const { model } = guider;
  const fitted = inForm(fitToModel(latent, model), 'exploding');
  const scaled = toScaled(fitted.samples, model.latent);
  const mask = latent.noiseMask && fitMask(latent.noiseMask, { height: scaled.dims[2] ?? 0, width: scaled.dims[3] ?? 0 });
  const around = mask === undefined ? { latent: scaled } : { latent: scaled, mask };
  const [denoise, both] = [guarded(guider.denoise, signal), guardedBoth(guider.denoiseBoth ?? refuseBoth, signal)];
  const one: Denoise = (x, sigma) => denoise(x, sigma, around);
  const pair: DenoiseBoth = (x, sigma) => both(x, sigma, around);
  if (mask === undefined) return { denoise: one, both: pair };
  const shown = sampler.freshMaskNoise ? torchNormal(noise.seed + 1n)(scaled.dims) : noise.initial(fitted);
  const run = { around: { latent: scaled, mask }, noise: shown, sampling: model.sampling };
  return { denoise: masked(one, run), both: maskedBoth(pair, run) };
}

const refuseBoth: DenoiseBoth = async () => {
  throw new GraphError(
    'missing-input',
    'This sampler steps away from the unwanted prompt (CFG++), but the denoiser has none. Use “U-Net (guidance)”, or another sampler.',
  );
};

/** A single turn of a sampler's loop. */
export interface SingleStep {
  readonly loop: SampleLoop;
  /** σ before and after. */
  readonly levels: Sigmas;
  readonly draw: NoiseStream;
  readonly x: Tensor;
}

/** Takes one step and gives the next x and the clean guess, both scaled. */
export async function stepLatent(
  step: SingleStep,
  { denoise, model }: Guider,
  signal: AbortSignal,
): Promise<{ x: Tensor; denoised: Tensor }> {
  const options = { sigmas: step.levels, noise: step.draw, sampling: model.sampling, seed: 0n, both: refuseBoth };
  const loop = step.loop(guarded(denoise, signal), step.x, options);
  let denoised = step.x;
  for (let next = await loop.next(); ; next = await loop.next()) {
    if (next.done) return { x: next.value, denoised };
    denoised = next.value.denoised;
  }
}

/** The levels without those that stand twice in a row, as schedules give them that have more steps than the model was trained with. */
const distinct = (sigmas: Sigmas): Sigmas => sigmas.filter((sigma, i) => sigma !== sigmas[i - 1]);

/** Runs a sampler from σ_0 to the last σ, yielding each step. With fewer than two sigmas the latent comes back unchanged. */
export async function* sampleLatent(run: SamplingRun, signal: AbortSignal): AsyncGenerator<SampleStep, SampledLatents, void> {
  const { guider, sampler, noise, latent } = run;
  const sigmas = distinct(run.sigmas);
  const first = sigmas[0];
  if (first === undefined || sigmas.length < 2) return { output: latent, denoised: latent };
  requireFinite(latent.samples, 'The latent that goes in', 'input');
  const { denoise, both } = asked(run, signal);
  const options = { sigmas, noise: noise.stream(), sampling: guider.model.sampling, seed: noise.seed, both };
  const loop = sampler.loop(denoise, startOf(run, first), options);
  let denoised: Tensor | undefined;
  for (let next = await loop.next(); ; next = await loop.next()) {
    if (next.done) {
      requireFinite(next.value, 'The latent after the last step', 'sampler');
      const output = latentAt(next.value, sigmas.at(-1) ?? 0, run);
      return { output, denoised: denoised === undefined ? output : latentAt(denoised, 0, run) };
    }
    denoised = next.value.denoised;
    yield next.value;
  }
}
