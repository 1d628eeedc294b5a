import { join } from 'node:path';
import { type Checkpoint, GraphError, type ModelStore, type PartSource } from '../../../nodes/kit/index.ts';
import { autoencoder } from './autoencoder.ts';
import { asModelFolder } from './checkpoints/as-folder.ts';
import { checkpointRequest, GraphCache, sweepGraphs } from './checkpoints/graph-cache.ts';
import { readCheckpoint } from './checkpoints/read.ts';
import { ControlNets } from './controlnets.ts';
import { type ModelFolder, readModelFolder } from './folder.ts';
import { folderTextEncoder } from './folder-text-encoder.ts';
import type { Session } from './inference-backend.ts';
import { findModel, type ModelLocation, modelIdentity } from './list.ts';
import { readLora } from './loras/lora-file.ts';
import { type LoraTools, type NetworkPart, weightedPart } from './loras/network-part.ts';
import { diffusionModel } from './network.ts';
import { NetworkShelf } from './network-shelf.ts';
import type { Runtime } from './onnx.ts';
import { findPart, partIdentity } from './part-files.ts';

interface Loaded {
  readonly identity: string;
  readonly checkpoint: Promise<Checkpoint>;
  /** What was opened so far, by file. */
  readonly sessions: Map<string, Promise<Session>>;
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
  readonly #runtime: Runtime;
  readonly #shelf: NetworkShelf;
  readonly controlnets: ControlNets;
  readonly #loaded = new Map<string, Loaded>();

  constructor(folder: string, runtime: Runtime, options: ModelsOptions = {}) {
    this.#folder = folder;
    this.#extra = options.extra ?? [];
    this.#graphs = new GraphCache({ folder: options.graphs ?? join(folder, '.graphs'), say: options.say ?? (() => undefined) });
    this.#runtime = runtime;
    this.#shelf = new NetworkShelf(runtime, options.budget);
    this.controlnets = new ControlNets({ folder, extra: this.#extra, graphs: this.#graphs, shelf: this.#shelf });
  }

  get #roots(): readonly string[] {
    return [this.#folder, ...this.#extra];
  }

  async identity(name: string, source?: PartSource): Promise<string> {
    if (source !== undefined) return partIdentity([await findPart(source, name, this.#roots)]);
    return modelIdentity(await findModel(this.#folder, name, this.#extra));
  }

  async checkpoint(name: string): Promise<Checkpoint> {
    const location = await findModel(this.#folder, name, this.#extra);
    const identity = await modelIdentity(location);
    const known = this.#loaded.get(location.path);
    if (known?.identity === identity) return known.checkpoint;
    if (known !== undefined) await this.#release(known);
    const sessions: Loaded['sessions'] = new Map();
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
    await this.controlnets.close();
  }

  async #open(location: ModelLocation, sessions: Loaded['sessions']): Promise<Checkpoint> {
    const folder = await this.#read(location);
    const session =
      (file: string, parameters = folder.parameters?.get(file)) =>
      (): Promise<Session> => {
        const opening = sessions.get(file) ?? this.#shelf.open(file, parameters);
        sessions.set(file, opening);
        opening.catch(() => sessions.delete(file));
        return opening;
      };
    const tools: LoraTools = {
      runtime: this.#runtime,
      graphs: this.#graphs,
      lora: async (name) => readLora((await findPart('loras', name, this.#roots)).path),
      open: (file, parameters) => session(file, parameters)(),
    };
    const part = (file: string): NetworkPart => {
      const network = folder.weighted?.get(file);
      return network === undefined ? { session: session(file) } : weightedPart(network, session(file), { tools });
    };
    return {
      model: diffusionModel(folder, {
        unet: part(folder.unet.file),
        ...(folder.attention === undefined ? {} : { attention: session(folder.attention.file) }),
      }),
      clip: folderTextEncoder(folder, part),
      vae: autoencoder(folder.latent, {
        encoder: folder.vaeEncoder === undefined ? async () => noEncoder(location) : session(folder.vaeEncoder.file),
        decoder: session(folder.vaeDecoder.file),
      }),
    };
  }

  async #read(location: ModelLocation): Promise<ModelFolder> {
    if (location.kind === 'onnx') return readModelFolder(location);
    const checkpoint = await readCheckpoint(location);
    await sweepGraphs(this.#graphs.folder);
    return asModelFolder(location.name, checkpoint, await this.#graphs.graphs(checkpointRequest(checkpoint)));
  }

  async #release({ sessions }: Loaded): Promise<void> {
    for (const opening of sessions.values()) {
      // A part that could not be opened has nothing to give back.
      const session = await opening.catch(() => undefined);
      await session?.release();
    }
  }
}
