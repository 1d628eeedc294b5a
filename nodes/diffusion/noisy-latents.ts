import {
  allFinite,
  concatBatch,
  type DiffusionModel,
  GraphError,
  type Latent,
  type NoiseForm,
  type NoiseState,
  scale,
  sizeOf,
  sliceBatch,
  type Tensor,
  type VaeFormat,
  zeros,
} from '../kit/index.ts';

/** The factor from the exploding to the preserving form at a noise level: √ᾱ = 1/√(1 + σ²). */
const shrink = (sigma: number): number => 1 / Math.sqrt(1 + sigma * sigma);

/** The same noisy latent in another form; a clean one is left as it is. */
export function inForm(latent: Latent, form: NoiseForm): Latent {
  const { noise, samples } = latent;
  if (noise === undefined || noise.form === form) return latent;
  const factor = (sigma: number): number => (form === 'preserving' ? shrink(sigma) : 1 / shrink(sigma));
  const converted = noise.each === undefined ? scale(samples, factor(noise.sigma)) : scaleEach(samples, noise.each.map(factor));
  return { ...latent, samples: converted, noise: { ...noise, form } };
}

/** Item i of a batch times `factors[i]`. */
function scaleEach(x: Tensor, factors: readonly number[]): Tensor {
  return concatBatch(factors.map((factor, item) => scale(sliceBatch(x, item, 1), factor)));
}

/** The factor from a latent to the network's space, in which noise is measured. Throws `bad-model` where the VAE that made it does not say. */
export function networkScale({ scale: factor = 1 }: Pick<Latent, 'scale'>): number {
  if (factor !== 'unknown') return factor;
  throw new GraphError(
    'bad-model',
    'How strong noise is depends on the scale of the latent, and the file of the VAE that made it does not say which it is. Choose the family on “Load VAE”.',
  );
}

/** Marks a batch as holding σ `levels[i]` in item i. */
export function levelsOf(levels: readonly number[], form: NoiseForm): NoiseState {
  const [first = 0] = levels;
  if (levels.every((level) => level === first)) return { sigma: first, form };
  return { sigma: Math.max(...levels), form, each: levels };
}

/** A noisy latent cut into its items, each with its own σ. A clean latent gives σ = 0. */
export function eachItem(latent: Latent): readonly { readonly item: Latent; readonly sigma: number }[] {
  const { samples, noise } = latent;
  return Array.from({ length: samples.dims[0] ?? 0 }, (_, index) => {
    const sigma = noise?.each?.[index] ?? noise?.sigma ?? 0;
    const item = { ...latent, samples: sliceBatch(samples, index, 1) };
    return { sigma, item: noise === undefined ? item : { ...item, noise: { sigma, form: noise.form } } };
  });
}

/** σ as people read it. */
export const shownSigma = (sigma: number): string => sigma.toFixed(sigma < 1 ? 4 : 2);

/** Are two noise levels the same, but for rounding? */
export const sameLevel = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-3 * Math.max(a, b, 1e-3);

/** Throws `noise-mismatch` unless the latent is clean. `use` completes “… wants a clean latent”. */
export function requireClean(latent: Latent, use: string): void {
  if (latent.noise === undefined || latent.noise.sigma === 0) return;
  throw new GraphError(
    'noise-mismatch',
    `${use} wants a clean latent, but this one still holds noise of σ = ${shownSigma(latent.noise.sigma)}. Finish denoising it first, or wire a clean latent.`,
  );
}

/** Why numbers usually get lost: what a network or a VAE gives, and what goes into a node or what a sampler makes of it. */
export const overflowCauses = {
  network: 'The usual cause is a network that overflows in fp16: use an fp32 export, a lower guidance (cfg), or another VAE.',
  input: 'They were there before this node: look at the node that made it.',
  sampler: 'The sampler stepped out of bounds: take more steps, a lower guidance (cfg), or another sampler or spacing.',
} as const;

/** Throws `not-a-number` naming the likely cause if anything is NaN or infinite. */
export function requireFinite(x: Tensor, what: string, cause: keyof typeof overflowCauses = 'network'): Tensor {
  if (allFinite(x.data)) return x;
  throw new GraphError('not-a-number', `${what} holds values that are not numbers (NaN or infinity). ${overflowCauses[cause]}`);
}

/**
 * Checks that a latent fits a model. An all-zero latent of another channel count is widened, so that Empty latent serves
 * every family; anything else of the wrong shape is `size-mismatch`.
 */
export function fitTo(latent: Latent, format: VaeFormat, name: string): Latent {
  const { samples } = latent;
  const [batch = 0, channels = 0, height = 0, width = 0] = samples.dims;
  if (samples.dims.length !== 4 || sizeOf(samples.dims) === 0) {
    throw new GraphError('size-mismatch', `A latent has shape [${samples.dims.join(', ')}], expected [batch, channels, height, width].`);
  }
  if (channels === format.channels) return latent;
  if (samples.data.every((value) => value === 0)) return { ...latent, samples: zeros([batch, format.channels, height, width]) };
  throw new GraphError(
    'size-mismatch',
    `The latent has ${channels} channels, but ${name} works with ${format.channels}. Encode the picture with this model's own VAE.`,
  );
}

/** {@link fitTo} for a model. */
export const fitToModel = (latent: Latent, model: DiffusionModel): Latent => fitTo(latent, model.latent, `the model “${model.name}”`);
