import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allFinite, GraphError, type Tensor } from '../../../nodes/kit/index.ts';
import type { LoadedNetwork, NetworkTitle, UnloadChoice } from '../../../workflows/protocol.ts';
import { runInPieces } from './batches.ts';
import type { Precision } from './graph-precision.ts';
import type { Session, SlotInfo } from './inference-backend.ts';
import type { Runtime } from './onnx.ts';

type Feeds = Readonly<Record<string, Tensor>>;
type Results = ReadonlyMap<string, Tensor>;

/** Bytes of weights in a network's file, and beside it where they are kept apart. */
async function weightsOf(file: string): Promise<number> {
  const folder = dirname(file);
  const names = await readdir(folder).catch((): string[] => []);
  const beside = names.filter((name) => !name.endsWith('.onnx') && !name.endsWith('.json')).map((name) => join(folder, name));
  const sizes = await Promise.all([file, ...beside].map((path) => stat(path).catch(() => undefined)));
  return sizes.reduce((sum, found) => sum + (found?.size ?? 0), 0);
}

const allFiniteIn = (tensors: Iterable<Tensor>): boolean => [...tensors].every(({ data }) => allFinite(data));

/** The batch that a network's file fixes; time steps of one axis do not count. */
function fixedBatch(inputs: readonly SlotInfo[]): number | undefined {
  const [first, ...others] = inputs.flatMap(({ shape }) => (shape.length > 1 ? [shape[0]] : []));
  return typeof first === 'number' && first > 0 && others.every((size) => size === first) ? first : undefined;
}

const isOutOfMemory = (thrown: unknown): boolean => thrown instanceof GraphError && thrown.code === 'out-of-memory';

/** One network's place on the shelf: loaded when it runs, unloaded when room is needed. */
interface Place {
  readonly file: string;
  readonly title: NetworkTitle | undefined;
  readonly bytes: number;
  /** Brings its files back where they may have been deleted since. */
  readonly restore: (() => Promise<unknown>) | undefined;
  precision: Precision | undefined;
  /** Batches that fit, by the shape of one item. */
  readonly most: Map<string, number>;
  session?: Session;
  /** How many runs are at work in it: a preview is decoded beside a step. */
  running: number;
}

/** What is said of a network that is opened. */
export interface OpenChoices {
  /** How many numbers its weights are, where they lie elsewhere. */
  readonly parameters?: number | undefined;
  /** Sees to its files before it is loaded. */
  readonly restore?: (() => Promise<unknown>) | undefined;
  /** What it is shown as while it is loaded. */
  readonly title?: NetworkTitle | undefined;
}

/**
 * The networks of one device. Keeps their weights within a budget by unloading the one that has not run for longest; answers out-of-memory by unloading the others and
 * by smaller batches; runs a network that overflows in fp16 again in fp32 and keeps it so.
 */
export class NetworkShelf {
  readonly #runtime: Runtime;
  readonly #budget: number;
  /** Loaded ones, the longest unused first. */
  readonly #loaded = new Set<Place>();
  readonly #loading = new Set<Place>();
  readonly #changed: () => void;

  /** `budget` is the most bytes of weights that are kept loaded; one network alone may be larger. `changed` hears when one was loaded or unloaded. */
  constructor(runtime: Runtime, budget = Number.POSITIVE_INFINITY, changed: () => void = () => undefined) {
    this.#runtime = runtime;
    this.#budget = budget;
    this.#changed = changed;
  }

  /** Files that are loaded now. */
  get files(): readonly string[] {
    return [...this.#loaded].map(({ file }) => file);
  }

  /** What is loaded now, the longest unused first. */
  get loaded(): readonly LoadedNetwork[] {
    const device = this.#runtime.device.name;
    return [...this.#loaded].flatMap(({ title, bytes, precision }) =>
      title === undefined ? [] : [{ ...title, device, bytes, ...(precision === undefined ? {} : { precision }) }],
    );
  }

  /** Folders of what is loaded or being loaded now. */
  get held(): ReadonlySet<string> {
    return new Set([...this.#loaded, ...this.#loading].map(({ file }) => dirname(file)));
  }

  /** Opens a network. It stays usable after it was unloaded: the next run loads it again, after `restore` has seen to its files. */
  async open(file: string, { parameters, restore, title }: OpenChoices = {}): Promise<Session> {
    const { precision } = this.#runtime;
    const bytes = parameters === undefined ? await weightsOf(file) : parameters * (precision === 'fp16' ? 2 : 4);
    const place: Place = { file, title, bytes, restore, precision, most: new Map(), running: 0 };
    const { inputs, outputs } = await this.#load(place);
    return {
      inputs,
      outputs,
      run: (feeds) => this.#run(place, { feeds, inputs }),
      release: () => this.#unload(place),
    };
  }

  /** Unloads what is wanted and is not at work at this moment; each comes back when it runs again. */
  async unload({ kind, model }: UnloadChoice = {}): Promise<void> {
    const wanted = ({ title }: Place): boolean =>
      (kind === undefined || title?.kind === kind) && (model === undefined || title?.model === model);
    for (const place of [...this.#loaded]) if (wanted(place) && place.running === 0) await this.#unload(place);
  }

  async #load(place: Place): Promise<Session> {
    const { session } = place;
    this.#loaded.delete(place);
    const opened = session ?? (await this.#openFile(place));
    place.session = opened;
    // Only networks that run at each step compute in 8 bits.
    if (place.precision === 'int8' && !opened.inputs.some(({ name }) => name === 'timestep')) place.precision = 'fp32';
    this.#loaded.add(place);
    if (session === undefined) this.#changed();
    return opened;
  }

  async #openFile(place: Place): Promise<Session> {
    this.#loading.add(place);
    try {
      await place.restore?.();
      await this.#makeRoom(place.bytes);
      return await this.#withRoom(place, () => this.#runtime.open(place.file, place.precision));
    } finally {
      this.#loading.delete(place);
    }
  }

  async #unload(place: Place): Promise<void> {
    const { session } = place;
    delete place.session;
    this.#loaded.delete(place);
    await session?.release();
    if (session !== undefined) this.#changed();
  }

  async #makeRoom(bytes: number): Promise<void> {
    for (const oldest of [...this.#loaded].filter(({ running }) => running === 0)) {
      const held = [...this.#loaded].reduce((sum, place) => sum + place.bytes, 0);
      if (held + bytes <= this.#budget) return;
      await this.#unload(oldest);
    }
  }

  /** Does something again with nothing else loaded if memory ran out. */
  async #withRoom<T>(place: Place, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const others = [...this.#loaded].filter((other) => other !== place && other.running === 0);
      if (!isOutOfMemory(thrown) || others.length === 0) throw thrown;
      for (const other of others) await this.#unload(other);
      return work();
    }
  }

  async #run(place: Place, { feeds, inputs }: { feeds: Feeds; inputs: readonly SlotInfo[] }): Promise<Results> {
    const shape = inputs.map(({ name }) => feeds[name]?.dims.slice(1).join('×')).join();
    return runInPieces((piece) => this.#runPiece(place, piece), feeds, {
      exact: fixedBatch(inputs),
      buckets: this.#runtime.device.kind !== 'cpu',
      most: place.most.get(shape) ?? Number.POSITIVE_INFINITY,
      shrink: (most) => place.most.set(shape, most),
    });
  }

  async #runPiece(place: Place, feeds: Feeds): Promise<Results> {
    const results = await this.#runOnce(place, feeds);
    if (place.precision !== 'fp16' || allFiniteIn(results.values()) || !allFiniteIn(Object.values(feeds))) return results;
    await this.#unload(place);
    place.precision = 'fp32';
    return this.#runOnce(place, feeds);
  }

  async #runOnce(place: Place, feeds: Feeds): Promise<Results> {
    place.running += 1;
    try {
      return await this.#withRoom(place, async () => (await this.#load(place)).run(feeds));
    } finally {
      place.running -= 1;
    }
  }
}
