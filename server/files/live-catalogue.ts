import type { Catalogue, NodeSpec } from '../../nodes/kit/index.ts';
import { type Choices, withChoices } from '../catalogue.ts';
import type { ListedPart } from '../engine/models/part-files.ts';
import type { ModelEntry } from '../serve.ts';
import { imageNames } from './gallery.ts';

/** Where a live catalogue looks. */
export interface CatalogueSources {
  readonly specs: ReadonlyMap<string, NodeSpec>;
  readonly listModels: () => Promise<readonly ModelEntry[]>;
  readonly listParts: () => Promise<readonly ListedPart[]>;
  readonly inputFolder: string;
}

/** The names that nodes can choose from. */
function partNames(parts: readonly Pick<ListedPart, 'kind' | 'name'>[]): Pick<Choices, 'parts' | 'controlnets'> {
  const of = (kind: ListedPart['kind']): readonly string[] => parts.filter((part) => part.kind === kind).map(({ name }) => name);
  return { controlnets: of('controlnets'), parts: { loras: of('loras'), vae: of('vae'), clip: of('clip'), unet: of('unet') } };
}

/** The node types with their lists as the folders are now. Call `refresh` before the first use and after each change. */
export class LiveCatalogue {
  readonly #sources: CatalogueSources;
  #current: Catalogue = new Map();
  #json = '{"nodes":[]}';
  #models: readonly ModelEntry[] = [];
  #own: readonly ModelEntry[] = [];
  #ownParts: readonly ListedPart[] = [];
  #others: readonly ModelEntry[] = [];
  #refreshing: Promise<boolean> = Promise.resolve(false);
  readonly #listeners = new Set<() => void>();

  constructor(sources: CatalogueSources) {
    this.#sources = sources;
  }

  get current(): Catalogue {
    return this.#current;
  }

  /** The answer of `GET /v1/nodes`. */
  get json(): string {
    return this.#json;
  }

  /** All models that a workflow may name: this host's, and those that only workers have. */
  get models(): readonly ModelEntry[] {
    return this.#models;
  }

  /** The models of this host. */
  get ownModels(): readonly ModelEntry[] {
    return this.#own;
  }

  /** Files of this host that are parts of models. */
  get ownParts(): readonly ListedPart[] {
    return this.#ownParts;
  }

  /** What workers have; reads the folders again if that has changed. */
  async include(others: readonly ModelEntry[]): Promise<void> {
    if (JSON.stringify(others) === JSON.stringify(this.#others)) return;
    this.#others = others;
    await this.refresh();
  }

  /** Calls back after each change; gives back the end of it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks into the folders again; true if anything is other than before. */
  refresh(): Promise<boolean> {
    this.#refreshing = this.#refreshing.catch(() => false).then(() => this.#read());
    return this.#refreshing;
  }

  async #read(): Promise<boolean> {
    const { specs, listModels, listParts, inputFolder } = this.#sources;
    const [models, parts, inputImages] = await Promise.all([listModels(), listParts(), imageNames(inputFolder)]);
    this.#ownParts = parts;
    // Whoever lists models knows their paths, which are nobody's business.
    this.#own = models.map(({ name, family, bytes, embedded, sizes }) => ({ name, family, bytes, embedded, ...(sizes ? { sizes } : {}) }));
    const names = new Set(this.#own.map(({ name }) => name));
    this.#models = [...this.#own, ...this.#others.filter(({ name }) => !names.has(name))];
    const checkpoints = this.#models.map(({ name }) => name);
    const sizes = Object.fromEntries(this.#models.flatMap(({ name, sizes: rule }) => (rule === undefined ? [] : [[name, rule] as const])));
    this.#current = withChoices(specs, { checkpoints, inputImages, ...partNames(parts), sizes });
    const json = JSON.stringify({ nodes: [...this.#current.values()] });
    const changed = json !== this.#json;
    this.#json = json;
    if (changed) for (const listener of this.#listeners) listener();
    return changed;
  }
}
