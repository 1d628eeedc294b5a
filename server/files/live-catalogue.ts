import type { Catalogue, NodeSpec } from '../../nodes/kit/index.ts';
import { withChoices } from '../catalogue.ts';
import { fileKey, type ModelPart, providedBy } from '../engine/models/named-files.ts';
import { choicesAmong, type ListedPart } from '../engine/models/part-files.ts';
import type { ModelEntry } from '../serve.ts';
import { imageNames } from './gallery.ts';

/** Where a live catalogue looks. */
export interface CatalogueSources {
  readonly specs: ReadonlyMap<string, NodeSpec>;
  readonly listModels: () => Promise<readonly ModelEntry[]>;
  readonly listParts: () => Promise<readonly ListedPart[]>;
  readonly inputFolder: string;
}

/** What other hosts have. */
export interface OthersModels {
  readonly models: readonly ModelEntry[];
  readonly parts: readonly ModelPart[];
}

/** The node types with their lists as the folders are now. Call `refresh` before the first use and after each change. */
export class LiveCatalogue {
  readonly #sources: CatalogueSources;
  #current: Catalogue = new Map();
  #json = '{"nodes":[]}';
  #models: readonly ModelEntry[] = [];
  #own: readonly ModelEntry[] = [];
  #ownParts: readonly ListedPart[] = [];
  #parts: readonly ModelPart[] = [];
  #provided: ReadonlySet<string> = new Set();
  #ownProvided: ReadonlySet<string> = new Set();
  #others: OthersModels = { models: [], parts: [] };
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

  /** All parts of models that a workflow may name: this host's, and those that only workers have. */
  get parts(): readonly ModelPart[] {
    return this.#parts;
  }

  /** What any host has, by the names that jobs need it by, see {@link fileKey}. */
  get provided(): ReadonlySet<string> {
    return this.#provided;
  }

  /** What this host has of it. */
  get ownProvided(): ReadonlySet<string> {
    return this.#ownProvided;
  }

  /** What workers have; reads the folders again if that has changed. */
  async include(others: OthersModels): Promise<void> {
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
    const ownKeys = providedBy(this.#own, parts);
    this.#ownProvided = ownKeys;
    this.#parts = [...parts, ...this.#others.parts.filter((part) => !ownKeys.has(fileKey(part)))];
    // Whoever lists models knows their paths, which are nobody's business.
    this.#own = models.map(({ name, family, bytes, embedded, sizes }) => ({ name, family, bytes, embedded, ...(sizes ? { sizes } : {}) }));
    const names = new Set(this.#own.map(({ name }) => name));
    this.#models = [...this.#own, ...this.#others.models.filter(({ name }) => !names.has(name))];
    this.#provided = providedBy(this.#models, this.#parts);
    const checkpoints = this.#models.map(({ name }) => name);
    const sizes = Object.fromEntries(this.#models.flatMap(({ name, sizes: rule }) => (rule === undefined ? [] : [[name, rule] as const])));
    this.#current = withChoices(specs, { checkpoints, inputImages, parts: choicesAmong(this.#parts), sizes });
    const json = JSON.stringify({ nodes: [...this.#current.values()] });
    const changed = json !== this.#json;
    this.#json = json;
    if (changed) for (const listener of this.#listeners) listener();
    return changed;
  }
}

/** What a host tells others of its models, as they are whenever it is asked. */
export const ownFiles = (
  catalogue: LiveCatalogue,
): { readonly models: () => readonly ModelEntry[]; readonly parts: () => readonly ModelPart[] } => ({
  models: () => catalogue.ownModels,
  parts: () => catalogue.ownParts,
});
