import type { Content, ImageFile } from './content.ts';
import type { PartSource, Port, Ports, Values } from './ports.ts';
import type { Autoencoder, Checkpoint, ControlNetwork, DiffusionModel, Image, Mask, Picture, TextEncoder } from './values.ts';

/** One step of a sampler as pictures of one size: the noisy latent before it, the noise guessed in it, and the clean guess. */
export interface StepPictures {
  readonly noisy: Picture;
  readonly noise: Picture;
  readonly clean: Picture;
}

/** What a running node tells: a step of a loop (`index` steps of `total` are done), or something to show. */
export type NodeEvent =
  | {
      readonly kind: 'step';
      readonly index: number;
      readonly total: number;
      readonly sigma?: number;
      /** Made only if somebody looks; must be cheap. */
      readonly preview?: () => Picture | Promise<Picture>;
      /** Made only in a run that is recorded. */
      readonly record?: () => StepPictures;
    }
  | { readonly kind: 'show'; readonly content: Content };

/** The models a run may use. */
export interface ModelStore {
  /** Loads on first use; throws `missing-model` with the nearest names, `bad-model` with the reason. */
  checkpoint(name: string): Promise<Checkpoint>;
  /** Parts from files of their own; two text encoders are those of Stable Diffusion XL. Throw as {@link checkpoint} does. */
  unet(name: string): Promise<DiffusionModel>;
  clip(names: readonly string[]): Promise<TextEncoder>;
  vae(name: string): Promise<Autoencoder>;
  controlNetwork(name: string): Promise<ControlNetwork>;
  /** Changes when the trained words (embeddings) that prompts name do; undefined is a prompt that is not known yet. */
  embeddings(prompts: readonly (string | undefined)[]): Promise<string>;
  /** Changes when the files of a model, or of a part of one, change. */
  identity(name: string, source?: PartSource): Promise<string>;
}

/** How a picture is saved; without `metadata` it carries neither workflow nor manifest. */
export interface SaveOptions {
  readonly metadata: boolean;
}

/** The pictures a run may read and write. Names never leave their folder: `bad-path`. */
export interface ImageStore {
  /** Reads from the input folder; alpha becomes the mask (1 − alpha). Several frames become a batch. */
  load(name: string): Promise<{ image: Image; mask: Mask }>;
  /** Changes when the file changes. */
  identity(name: string): Promise<string>;
  /** Writes PNGs `prefix_00001_.png` … that carry the workflow; `prefix` may name a folder inside the output folder. */
  save(image: Image, prefix: string, options?: SaveOptions): Promise<readonly ImageFile[]>;
  /** Writes PNGs that are only looked at. */
  show(image: Image): Promise<readonly ImageFile[]>;
  /** Is a picture that was shown before still there? Previews may be deleted at any time. */
  has(file: ImageFile): Promise<boolean>;
  /** Resamples `[b, h, w, c]`; see the ImageScale node for the methods. */
  resize(image: Image, size: { width: number; height: number; method: ResizeMethod }): Promise<Image>;
}

/** Ways to resample a picture; `lanczos` follows Pillow, on 8-bit values, the others torch's `interpolate`. */
export const resizeMethods = ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'] as const;
export type ResizeMethod = (typeof resizeMethods)[number];

/** All that a node may touch. */
export interface RunContext {
  readonly signal: AbortSignal;
  readonly models: ModelStore;
  readonly images: ImageStore;
}

/** What a `run` may give back: outputs, a promise of them, or a generator of events that ends with them. */
export type RunResult<O extends Ports> = Values<O> | Promise<Values<O>> | AsyncGenerator<NodeEvent, Values<O>, void>;

/**
 * One node. `effect` makes it a root of every run: `show` results are cached and shown again, `write` always runs.
 * Nodes that read the outer world give `identity`, which becomes part of the cache key.
 */
export interface NodeDefinition<I extends Ports = Ports, O extends Ports = Ports> {
  readonly type: string;
  readonly title: string;
  readonly category: Category;
  /** Raised when the same inputs give other outputs than before. */
  readonly version?: number;
  readonly effect?: 'show' | 'write';
  readonly help: string;
  /** Other words that people look for it by; lower case. */
  readonly keywords?: readonly string[];
  /** A drawing aid that is resolved away before a run: Note, Reroute, PrimitiveNode. */
  readonly virtual?: boolean;
  readonly inputs: I;
  readonly outputs: O;
  run(inputs: Values<I>, context: RunContext): RunResult<O>;
  identity?(inputs: Partial<Values<I>>, context: Pick<RunContext, 'models' | 'images'>): Promise<string>;
}

/** The shelves of the node library; each has a header colour. */
export const categories = ['model', 'text', 'schedule', 'sample', 'latent', 'vae', 'image', 'mask', 'graph'] as const;
export type Category = (typeof categories)[number];

/** Checks types and gives the definition back; it registers nothing. */
export function defineNode<const I extends Ports, const O extends Ports>(definition: NodeDefinition<I, O>): NodeDefinition<I, O> {
  return definition;
}

/** A port as JSON, with its name. */
export interface PortSpec extends Port {
  readonly name: string;
}

/** A node as JSON: what the page, the API and the validator know of it. */
export interface NodeSpec {
  readonly type: string;
  readonly title: string;
  readonly category: Category;
  readonly version: number;
  readonly effect?: 'show' | 'write';
  readonly help: string;
  readonly keywords?: readonly string[];
  readonly inputs: readonly PortSpec[];
  readonly outputs: readonly PortSpec[];
  readonly virtual?: boolean;
}

/** All known nodes by type. */
export type Catalogue = ReadonlyMap<string, NodeSpec>;

const named = (ports: Ports): PortSpec[] => Object.entries(ports).map(([name, port]) => ({ name, ...port }));

/** The JSON side of a definition. */
export function specOf(definition: NodeDefinition): NodeSpec {
  const { type, title, category, version = 1, effect, help, keywords, virtual } = definition;
  const flags = { ...(effect ? { effect } : {}), ...(virtual ? { virtual } : {}), ...(keywords ? { keywords } : {}) };
  return { type, title, category, version, ...flags, help, inputs: named(definition.inputs), outputs: named(definition.outputs) };
}
