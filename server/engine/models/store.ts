import { join } from 'node:path';
import type { EmbeddingLookup } from '../../../nodes/diffusion/prompt-embeddings.ts';
import {
  type Autoencoder,
  type Checkpoint,
  type ControlNetwork,
  type DiffusionModel,
  GraphError,
  type ModelStore,
  type PartSource,
  type TextEncoder,
} from '../../../nodes/kit/index.ts';
import type { LoadedNetwork, NetworkTitle, UnloadChoice } from '../../../workflows/protocol.ts';
import { autoencoder } from './autoencoder.ts';
import { asModelFolder, encodersOf, unetOf, weightedOf } from './checkpoints/as-folder.ts';
import { controlNetRequest, readControlNet } from './checkpoints/controlnet-file.ts';
import { checkpointRequest, GraphCache, parametersOf, sweepGraphs } from './checkpoints/graph-cache.ts';
import { vaeGraphs } from './checkpoints/graphs.ts';
import { readEncoderFiles, readUnetFile, readVaeFile } from './checkpoints/part-file.ts';
import { readCheckpoint } from './checkpoints/read.ts';
import { tinyFormat, tinyVaeRequest } from './checkpoints/taesd-file.ts';
import { controlNetwork } from './control-network.ts';
import { DecodedPreviews } from './decoded-previews.ts';
import { embeddingsIdentity, readEmbedding } from './embeddings.ts';
import { type ModelFolder, readModelFolder, type UnetFolder } from './folder.ts';
import { folderTextEncoder } from './folder-text-encoder.ts';
import type { Session } from './inference-backend.ts';
import { Kept, type OpenSessions } from './kept.ts';
import { findModel, type ModelLocation, modelIdentity } from './list.ts';
import { readLora } from './loras/lora-file.ts';
import { type LoraTools, type NetworkPart, weightedPart } from './loras/network-part.ts';
import { type AttentionPart, diffusionModel } from './network.ts';
import { NetworkShelf, type OpenChoices } from './network-shelf.ts';
import type { Runtime } from './onnx.ts';
import { findPart, partIdentity } from './part-files.ts';
import { isTinyVaeName, noTinyEncoder, type OpenTinyVae, tinyVaeKinds } from './taesd.ts';

/** Where else models lie, and how much of them is kept. */
export interface ModelsOptions {
  /** More folders with models. */
  readonly extra?: readonly string[];
  /** Where the graphs of .safetensors are kept; in `.graphs` of the models folder if not said. */
  readonly graphs?: string;
  /** The most bytes of weights that are kept loaded. */
  readonly budget?: number;
  /** The most bytes on disk of weights that LoRAs changed. */
  readonly merged?: number;
  /** Hears what the log should tell. */
  readonly say?: (sentence: string) => void;
  /** Hears what is loaded whenever that changes. */
  readonly onLoaded?: (networks: readonly LoadedNetwork[]) => void;
}

/** A model whose networks are opened, and what it is shown as. */
type OpenedModel = Pick<ModelFolder, 'parameters' | 'weighted'> & Pick<NetworkTitle, 'kind' | 'model'>;

/** How a network is opened whose weights LoRAs changed. */
type ChangedHow = Pick<OpenChoices, 'parameters' | 'restore'> & { readonly loras?: readonly string[] };

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
  readonly #checkpoints = new Kept<Checkpoint>();
  readonly #unets = new Kept<DiffusionModel>();
  readonly #encoders = new Kept<TextEncoder>();
  readonly #vaes = new Kept<Autoencoder>();
  readonly #controls = new Kept<ControlNetwork>();
  readonly #previews: DecodedPreviews;

  constructor(folder: string, runtime: Runtime, options: ModelsOptions = {}) {
    this.#folder = folder;
    this.#extra = options.extra ?? [];
    this.#runtime = runtime;
    this.#shelf = new NetworkShelf(runtime, options.budget, () => options.onLoaded?.(this.#shelf.loaded));
    const { merged: most = Number.POSITIVE_INFINITY, say = () => undefined } = options;
    const merged = { most, held: () => this.#shelf.held };
    this.#graphs = new GraphCache({ folder: options.graphs ?? join(folder, '.graphs'), say, merged });
    this.#previews = new DecodedPreviews({ roots: this.#roots, open: this.#tinyVae, say });
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
    return this.#checkpoints.get(location.path, await modelIdentity(location), (sessions) => this.#open(location, sessions));
  }

  async unet(name: string): Promise<DiffusionModel> {
    const found = await findPart('unet', name, this.#roots);
    return this.#unets.get(found.path, await partIdentity([found]), async (sessions) => {
      const checkpoint = await readUnetFile(found.path);
      const graphs = await this.#graphs.graphs(checkpointRequest(checkpoint));
      const folder = await unetOf(name, checkpoint, graphs);
      const { part, attention } = this.#opener(sessions, {
        parameters: parametersOf(graphs),
        weighted: weightedOf(checkpoint, graphs),
        kind: 'unet',
        model: name,
      });
      await this.#previews.look(folder.latent);
      return diffusionModel(folder, { unet: part(folder.unet.file, 'unet'), attention: attention(folder), previews: this.#previews });
    });
  }

  async clip(names: readonly string[]): Promise<TextEncoder> {
    const found = await Promise.all(names.map((name) => findPart('clip', name, this.#roots)));
    const key = found.map(({ path }) => path).join('\n');
    return this.#encoders.get(key, await partIdentity(found), async (sessions) => {
      const checkpoint = await readEncoderFiles(found.map(({ path }) => path));
      const graphs = await this.#graphs.graphs(checkpointRequest(checkpoint));
      const textEncoders = await encodersOf(checkpoint, graphs);
      const { encoder } = this.#opener(sessions, {
        parameters: parametersOf(graphs),
        weighted: weightedOf(checkpoint, graphs),
        kind: 'clip',
        model: names.join(' + '),
      });
      return folderTextEncoder({ family: checkpoint.family, textEncoders }, { open: encoder, embedding: this.#embedding });
    });
  }

  async vae(name: string): Promise<Autoencoder> {
    const found = await findPart('vae', name, this.#roots);
    if (isTinyVaeName(name)) return this.#tinyVae(name, { decoder: found.path, encoder: found.beside ?? found.path });
    return this.#vaes.get(found.path, await partIdentity([found]), async (sessions) => {
      const { file, vae, latent } = await readVaeFile(found.path);
      const { architecture } = vae;
      const build = () => vaeGraphs(vae);
      const graphs = await this.#graphs.graphs({ path: file.path, files: [file], figures: architecture, graphs: build });
      const { session } = this.#opener(sessions, { parameters: parametersOf(graphs), kind: 'vae', model: name });
      const half = (part: 'vae_encoder' | 'vae_decoder') => session(graphs.get(part)?.file ?? '', part);
      return autoencoder(latent, { encoder: half('vae_encoder'), decoder: half('vae_decoder') });
    });
  }

  async controlNetwork(name: string): Promise<ControlNetwork> {
    const found = await findPart('controlnets', name, this.#roots);
    return this.#controls.get(found.path, await partIdentity([found]), async (sessions) => {
      const control = await readControlNet(found.path);
      const graphs = await this.#graphs.graphs(controlNetRequest(control));
      const { session } = this.#opener(sessions, { parameters: parametersOf(graphs), kind: 'controlnets', model: name });
      return controlNetwork(name, control, session(graphs.get('controlnet')?.file ?? '', 'controlnet'));
    });
  }

  /** TAESD; its encoder is asked for only where pictures are encoded. */
  readonly #tinyVae: OpenTinyVae = async (name, { decoder, encoder = '' }) => {
    const files = [decoder, ...(encoder === '' || encoder === decoder ? [] : [encoder])].map((path) => ({ name, path }));
    return this.#vaes.get(`${decoder}\n${encoder}`, await partIdentity(files), async (sessions) => {
      const scale = tinyVaeKinds[name].scale;
      const graphs = await this.#graphs.graphs(await tinyVaeRequest({ decoder, ...(encoder === '' ? {} : { encoder }) }, scale));
      const { session } = this.#opener(sessions, { parameters: parametersOf(graphs), kind: 'vae', model: name });
      const half = (part: 'vae_encoder' | 'vae_decoder') => session(graphs.get(part)?.file ?? '', part);
      return autoencoder(tinyFormat(scale), {
        encoder: encoder === '' ? () => Promise.reject(noTinyEncoder(name)) : half('vae_encoder'),
        decoder: half('vae_decoder'),
      });
    });
  };

  embeddings(prompts: readonly (string | undefined)[]): Promise<string> {
    return embeddingsIdentity(prompts, this.#roots);
  }

  /** Gives the memory of networks back that are not at work; they are loaded again when they run. */
  unload(choice: UnloadChoice = {}): Promise<void> {
    return this.#shelf.unload(choice);
  }

  /** Gives all memory of networks back. */
  async close(): Promise<void> {
    for (const kept of [this.#checkpoints, this.#unets, this.#encoders, this.#vaes, this.#controls]) await kept.close();
  }

  readonly #embedding: EmbeddingLookup = (name, network) => readEmbedding(name, network, this.#roots);

  /** How the networks of one model are opened, each once. */
  #opener(sessions: OpenSessions, { parameters, weighted, kind, model }: OpenedModel) {
    const session = (file: string, part: string, { loras = [], ...how }: ChangedHow = {}) => {
      const title: NetworkTitle = { kind, model, part, loras };
      return (): Promise<Session> => {
        const opening = sessions.get(file) ?? this.#shelf.open(file, { parameters: parameters?.get(file), ...how, title });
        sessions.set(file, opening);
        opening.catch(() => sessions.delete(file));
        return opening;
      };
    };
    const tools: LoraTools = {
      runtime: this.#runtime,
      graphs: this.#graphs,
      lora: async (name) => readLora((await findPart('loras', name, this.#roots)).path),
      open: ({ file, parameters: count }, { part, ...how }) => session(file, part, { parameters: count, ...how })(),
    };
    const part = (file: string, name: string): NetworkPart => {
      const network = weighted?.get(file);
      return network === undefined ? { session: session(file, name) } : weightedPart(network, session(file, name), { tools });
    };
    /** An export that gives its attention, or one that is built when it is first asked for. */
    const attention = ({ attention: exported, attentionNetwork: built }: UnetFolder): AttentionPart | undefined => {
      if (exported !== undefined) return { part: { session: session(exported.file, 'attention') }, outputs: exported.outputs };
      if (built === undefined) return undefined;
      const base = async (): Promise<Session> => {
        const { path, files, figures, weights, build } = built.network;
        const graphs = () => new Map([['attention' as const, build(weights)]]);
        const graph = (await this.#graphs.graphs({ path, files, figures: ['attention', figures], graphs })).get('attention');
        if (graph === undefined) throw new GraphError('internal', `The U-Net of ${path} with its attention was not written.`);
        return session(graph.file, 'attention', { parameters: graph.parameters })();
      };
      return { part: weightedPart(built.network, base, { tools }), outputs: built.outputs };
    };
    return {
      session,
      part,
      attention,
      encoder: (file: string, place: number) => part(file, place === 0 ? 'text_encoder' : `text_encoder_${place + 1}`),
    };
  }

  async #open(location: ModelLocation, sessions: OpenSessions): Promise<Checkpoint> {
    const folder = await this.#read(location);
    await this.#previews.look(folder.latent);
    const { session, part, encoder, attention } = this.#opener(sessions, { ...folder, kind: 'checkpoints', model: location.name });
    return {
      model: diffusionModel(folder, {
        unet: part(folder.unet.file, 'unet'),
        previews: this.#previews,
        attention: attention(folder),
      }),
      clip: folderTextEncoder(folder, { open: encoder, embedding: this.#embedding }),
      vae: autoencoder(folder.latent, {
        encoder: folder.vaeEncoder === undefined ? async () => noEncoder(location) : session(folder.vaeEncoder.file, 'vae_encoder'),
        decoder: session(folder.vaeDecoder.file, 'vae_decoder'),
      }),
    };
  }

  async #read(location: ModelLocation): Promise<ModelFolder> {
    if (location.kind === 'onnx') return readModelFolder(location);
    const checkpoint = await readCheckpoint(location);
    await sweepGraphs(this.#graphs.folder);
    return asModelFolder(location.name, checkpoint, await this.#graphs.graphs(checkpointRequest(checkpoint)));
  }
}
