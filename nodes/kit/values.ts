import type { ModelSampling } from './noise-levels.ts';
import type { Tensor } from './tensor.ts';

/** Pixels `[b, h, w, c]`, 0…1, c = 3. */
export type Image = Tensor;

/** One value a pixel, `[b, h, w]`, 0…1; 1 is the masked part. */
export type Mask = Tensor;

/**
 * How noise was mixed in: `exploding` is x₀ + σε (Karras et al. 2022), `preserving` is √ᾱ·x₀ + √(1−ᾱ)·ε with
 * σ² = (1−ᾱ)/ᾱ (Ho et al. 2020).
 */
export type NoiseForm = 'exploding' | 'preserving';

/**
 * What is known about the noise left in a latent. σ is in the model's scaled space. A batch whose items hold different amounts
 * lists them in `each`, one σ an item; `sigma` is then the largest.
 */
export interface NoiseState {
  readonly sigma: number;
  readonly form: NoiseForm;
  readonly each?: readonly number[];
}

/** Latents `[b, c, h/8, w/8]` in unscaled VAE space. Without `noise` they are clean. */
export interface Latent {
  readonly samples: Tensor;
  /** The factor into the network's space; noise is measured there. Absent where it is that space; `unknown` where the VAE's file does not say. */
  readonly scale?: LatentScale;
  readonly noise?: NoiseState;
  /** Where to denoise: 1 is made anew, 0 is kept. `[b, h, w]` of any size. */
  readonly noiseMask?: Mask;
  /** Which draw of the starting noise each item gets, where that is not its place in the batch. */
  readonly batchIndex?: readonly number[];
}

/** A rectangle of a picture, in cells of the latent or as shares of its sides. */
export interface PromptArea {
  readonly unit: 'cells' | 'share';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a prompt acts, drawn: 1 is fully. `boundsOnly` runs the network on the rectangle around it alone. */
export interface PromptMask {
  readonly mask: Mask;
  readonly strength: number;
  readonly boundsOnly: boolean;
}

/** What SDXL is told of the picture, in pixels. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly cropLeft: number;
  readonly cropTop: number;
  readonly targetWidth: number;
  readonly targetHeight: number;
}

/** What an inpainting network is shown: where to paint (1, of any size), and the rest of the picture as an unscaled latent. */
export interface InpaintInput {
  readonly mask: Mask;
  readonly latent: Tensor;
}

/** What a ControlNet adds to a U-Net: to each value that goes across, the finest first, and to the middle. */
export interface ControlResiduals {
  readonly down: readonly Tensor[];
  readonly middle: Tensor;
}

/** CONTROL_NET on a wire: a network that looks at a picture of edges, depth, a pose … and steers a U-Net of its family (Zhang et al. 2023). */
export interface ControlNetwork {
  readonly name: string;
  /** `hint` is the picture as planes `[b, 3, 8h, 8w]`, 0…1; what is added is multiplied by `strength`. */
  residuals(input: NetworkInput, hint: Tensor, strength: number): Promise<ControlResiduals>;
}

/** A ControlNet with its picture, and from which to which share of the way from noise to picture it acts. */
export interface Control {
  readonly network: ControlNetwork;
  readonly image: Image;
  readonly strength: number;
  readonly start: number;
  readonly end: number;
  /** Unwanted prompts that have no ControlNet of their own get it too. */
  readonly bothSides?: boolean;
}

/**
 * One prompt's encoding: token features `[1, tokens, width]` and, for models that want it, a pooled vector `[1, width]`. The rest says where,
 * when and how strongly it acts; without it everywhere, always and at strength 1.
 */
export interface Conditioning {
  readonly tokens: Tensor;
  readonly pooled?: Tensor;
  readonly area?: PromptArea;
  readonly mask?: PromptMask;
  readonly strength?: number;
  /** From which to which share of the way from noise to picture it acts. */
  readonly start?: number;
  readonly end?: number;
  readonly size?: PictureSize;
  /** SDXL's refiner is told how good the picture is; 6 wanted and 2.5 unwanted where nothing is said. */
  readonly aesthetic?: number;
  readonly inpaint?: InpaintInput;
  readonly controls?: readonly Control[];
}

/** All prompts that act together on one side of the guidance. */
export type Conditionings = readonly Conditioning[];

/** How a VAE's latents are laid out, and how the network wants them: `scaled = (unscaled − shift) · scale`; no shift is 0. */
export interface LatentFormat {
  readonly channels: number;
  readonly scale: number;
  readonly shift?: number;
  /** Where each channel has its own: `scaled = (unscaled − mean) / deviation · scale`. */
  readonly statistics?: { readonly mean: readonly number[]; readonly deviation: readonly number[] };
  /** Pixels per latent cell, along each side. */
  readonly downscale: number;
}

/** One run of the network: `sample` `[b, c, h, w]` as the network wants it, valid only until the answer is there, tokens `[b, tokens, width]`. */
export interface NetworkInput {
  readonly sample: Tensor;
  readonly timestep: number;
  readonly tokens: Tensor;
  readonly pooled?: Tensor;
  /** For each item what it is told of its picture. */
  readonly sizes?: readonly (PictureSize & { readonly aesthetic: number })[];
  /** The guidance that a distilled network is to imitate in one run; 8.5 where nothing is said. Other networks take no notice. */
  readonly guidance?: number;
  readonly control?: ControlResiduals;
}

/** Cross-attention of one layer: weights `[b, heads, h·w, tokens]` over the tokens, at cells `downsample` times as large as the latent's. */
export interface AttentionMap {
  readonly name: string;
  readonly downsample: number;
  readonly weights: Tensor;
}

/** A small RGB picture, 8 bit. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** The two guesses of x₀ at x, and how strongly the wanted prompt counts. */
export interface GuessPair {
  readonly x: Tensor;
  readonly sigma: number;
  readonly cfg: number;
  readonly wanted: Tensor;
  readonly unwanted: Tensor;
}

/** A LoRA (Hu et al. 2021) by its name in the list of such files, and how strongly it acts; 1 is as it was trained. */
export interface LoraChoice {
  readonly name: string;
  readonly strength: number;
}

/** MODEL on a wire: a network with its schedule, latent layout and a cheap preview. */
export interface DiffusionModel {
  readonly name: string;
  /** Does the network take a mask and a masked latent besides x (9 channels for 4)? */
  readonly inpaints?: boolean;
  /** Another way to join the two guesses than u + cfg·(c − u). */
  readonly joinGuesses?: (pair: GuessPair) => Tensor;
  readonly sampling: ModelSampling;
  readonly latent: LatentFormat;
  /** Raw network output, same shape as `sample`. */
  predict(input: NetworkInput): Promise<Tensor>;
  /** The cross-attention of such a run, layer by layer; absent where the model was exported without it. */
  attention?(input: NetworkInput): Promise<readonly AttentionMap[]>;
  /**
   * The network with a LoRA on top of what it has; absent where its weights cannot be changed. `warn` is told in a sentence what fits nothing. Throws
   * `missing-model`, or `bad-model` for a LoRA of another family.
   */
  withLora?(lora: LoraChoice, warn: (sentence: string) => void): Promise<Pick<DiffusionModel, 'predict' | 'attention' | 'withLora'>>;
  /** First item of scaled latents `[b, c, h, w]` as a small picture by a linear map; no network is run. */
  preview(scaled: Tensor): Picture;
  /** The same by a small decoder (TAESD); undefined, at once or later, where there is none. */
  decodedPreview?(scaled: Tensor): Promise<Picture | undefined> | undefined;
}

/** A part of a prompt and its place along the token axis. */
export interface PromptToken {
  readonly text: string;
  readonly position: number;
}

/** One prompt for each of SDXL's text networks: `l` for the smaller (CLIP), `g` for the larger (OpenCLIP). */
export interface PromptPair {
  readonly l: string;
  readonly g: string;
}

/** CLIP on a wire. */
export interface TextEncoder {
  /** `warn` is told in a sentence what of the prompt could not be used. A pair wants a model with two networks: `bad-model`. */
  encode(prompt: string | PromptPair, warn?: (sentence: string) => void): Promise<Conditionings>;
  /** The words or parts of words at the positions of {@link encode}'s features, without begin, end and padding. */
  tokens(text: string): Promise<readonly PromptToken[]>;
  /** The same encoder that stops at a layer counted from the last (1), so-called clip skip. Throws `bad-model` where the file does not give it. */
  atLayer(fromLast: number): Promise<TextEncoder>;
  /** The same encoder with a LoRA on top of what it has, as that of {@link DiffusionModel}. */
  withLora?(lora: LoraChoice, warn: (sentence: string) => void): Promise<TextEncoder>;
}

/** How a picture is cut: side of a piece, and what neighbours share, in cells of the latent. */
export interface Tiles {
  readonly side: number;
  readonly overlap: number;
}

/** The factor from a VAE's latents to the network's space; a VAE's file by itself does not always say it. */
export type LatentScale = number | 'unknown';

/** How a VAE's own latents are laid out. */
export interface VaeFormat extends Omit<LatentFormat, 'scale'> {
  readonly scale: LatentScale;
}

/** VAE on a wire; with `tiles` it works piece by piece. Latents are unscaled, images as {@link Image}. */
export interface Autoencoder {
  readonly latent: VaeFormat;
  encode(image: Image, tiles?: Tiles): Promise<Tensor>;
  decode(samples: Tensor, tiles?: Tiles): Promise<Image>;
}

/** What a model file or folder gives. */
export interface Checkpoint {
  readonly model: DiffusionModel;
  readonly clip: TextEncoder;
  readonly vae: Autoencoder;
}

/** Points in the plane that lie in round heaps: equal parts of N(centre, spread²·I). Centres are x, y, x, y … */
export interface PointMixture {
  readonly centres: Float64Array;
  readonly spread: number;
}
