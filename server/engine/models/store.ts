import { join } from 'node:path';
import { type Checkpoint, GraphError, type ModelStore } from '../../../nodes/kit/index.ts';
import { autoencoder } from './autoencoder.ts';
import { asModelFolder } from './checkpoints/as-folder.ts';
import { GraphCache, sweepGraphs } from './checkpoints/graph-cache.ts';
import { readCheckpoint } from './checkpoints/read.ts';
import { type ModelFolder, readModelFolder } from './folder.ts';
import { folderTextEncoder } from './folder-text-encoder.ts';
import type { Session } from './inference-backend.ts';
import { findModel, type ModelLocation, modelIdentity } from './list.ts';
import { diffusionModel } from './network.ts';
import { NetworkShelf } from './network-shelf.ts';
import { once } from './once.ts';
import type { Runtime } from './onnx.ts';

interface Loaded {
  readonly identity: string;
  readonly checkpoint: Promise<Checkpoint>;
  /** What was opened so far. */
  readonly sessions: Promise<Session>[];
}

/** Where else models lie, and how much of them is kept. */
export interface ModelsOptions {
  /** More folders with models. */
  readonly extra?: readonly string[];
  /** Where the graphs of .safetensors are kept; in `.graphs` of the models folder if not said. */
  readonly graphs?: string;
  /** The most bytes of weights that are kept loaded. */
  readonly budget?: number;
  /** Hears what the log should tell. */
  readonly say?: (sentence: string) => void;
}

function noEncoder({ path }: ModelLocation): never {
  throw new GraphError(
    'bad-model',
    `The model folder ${path} has no vae_encoder/model.onnx, so it makes no latents of pictures. Export it with that part too.`,
  );
}

/** Models by name, each part opened when it is first run and kept. A model whose files changed is opened anew. */
export class EngineModels implements ModelStore {
  readonly #folder: string;
  readonly #extra: readonly string[];
  readonly #graphs: GraphCache;
  readonly #shelf: NetworkShelf;
  readonly #loaded = new Map<string, Loaded>();

  constructor(folder: string, runtime: Runtime, options: ModelsOptions = {}) {
    this.#folder = folder;
    this.#extra = options.extra ?? [];
    this.#graphs = new GraphCache({ folder: options.graphs ?? join(folder, '.graphs'), say: options.say ?? (() => undefined) });
    this.#shelf = new NetworkShelf(runtime, options.budget);
  }

  async identity(name: string): Promise<string> {
    return modelIdentity(await findModel(this.#folder, name, this.#extra));
  }

  async checkpoint(name: string): Promise<Checkpoint> {
    const location = await findModel(this.#folder, name, this.#extra);
    const identity = await modelIdentity(location);
    const known = this.#loaded.get(location.path);
    if (known?.identity === identity) return known.checkpoint;
    if (known !== undefined) await this.#release(known);
    const sessions: Promise<Session>[] = [];
    const loaded = { identity, sessions, checkpoint: this.#open(location, sessions) };
    this.#loaded.set(location.path, loaded);
    loaded.checkpoint.catch(() => this.#loaded.delete(location.path));
    return loaded.checkpoint;
  }

  /** Gives all memory of networks back. */
  async close(): Promise<void> {
    const all = [...this.#loaded.values()];
    this.#loaded.clear();
    for (const loaded of all) await this.#release(loaded);
  }

  async #open(location: ModelLocation, sessions: Promise<Session>[]): Promise<Checkpoint> {
    const folder = await this.#read(location);
    const part = (file: string): (() => Promise<Session>) =>
      once(() => {
        const session = this.#shelf.open(file, folder.parameters?.get(file));
        sessions.push(session);
        return session;
      });
    return {
      model: diffusionModel(folder, {
        unet: part(folder.unet.file),
        ...(folder.attention === undefined ? {} : { attention: part(folder.attention.file) }),
      }),
      clip: folderTextEncoder(folder, part),
      vae: autoencoder(folder.latent, {
        encoder: folder.vaeEncoder === undefined ? async () => noEncoder(location) : part(folder.vaeEncoder.file),
        decoder: part(folder.vaeDecoder.file),
      }),
    };
  }

  async #read(location: ModelLocation): Promise<ModelFolder> {
    if (location.kind === 'onnx') return readModelFolder(location);
    const checkpoint = await readCheckpoint(location);
    await sweepGraphs(this.#graphs.folder);
    return asModelFolder(location.name, checkpoint, await this.#graphs.graphs(checkpoint));
  }

  async #release({ sessions }: Loaded): Promise<void> {
    for (const opening of sessions) {
      // A part that could not be opened has nothing to give back.
      const session = await opening.catch(() => undefined);
      await session?.release();
    }
  }
}
