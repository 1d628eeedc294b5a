import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { GraphError } from '../../../../nodes/kit/index.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { encodeModel } from '../graph/onnx-model.ts';
import type { SafetensorsFile } from '../safetensors/file.ts';
import type { SafetensorsCheckpoint } from './checkpoint.ts';
import { checkpointGraphs, type PartName } from './graphs.ts';
import { keepWithin, type MergedBound, stampMerged } from './merged-bound.ts';
import { megabytes, placeFile } from './place-file.ts';

/** A network on disk: its graph, and how many numbers its weights are. */
export interface GraphFile {
  readonly file: string;
  readonly parameters: number;
}

/** How many numbers the weights of each graph are, by its file. */
export const parametersOf = (graphs: ReadonlyMap<string, GraphFile>): ReadonlyMap<string, number> =>
  new Map([...graphs.values()].map(({ file, parameters }) => [file, parameters]));

/** Which file a link was made of. */
const Source = z.object({ path: z.string(), device: z.number(), inode: z.number(), size: z.number(), changed: z.number() });
type Source = z.infer<typeof Source>;
const Manifest = z.object({ sources: z.array(Source), parts: z.record(z.string(), z.number()) });

/** The folder in which graphs are being written; `locate` gives a file of weights its name there. */
export interface GraphDraft {
  readonly folder: string;
  readonly locate: (file: string) => string;
}

/** Networks that are to be there, and all that they follow from. */
export interface GraphRequest {
  /** What messages name. */
  readonly path: string;
  /** Files that weights lie in. */
  readonly files: readonly SafetensorsFile[];
  /** Figures of the architectures and whatever else the graphs depend on, as JSON. */
  readonly figures: unknown;
  /** Makes the graphs; files of weights that are made for them go into the folder. */
  readonly graphs: (draft: GraphDraft) => ReadonlyMap<PartName, GraphBuilder> | Promise<ReadonlyMap<PartName, GraphBuilder>>;
}

/** All networks of a checkpoint. */
export function checkpointRequest(checkpoint: SafetensorsCheckpoint): GraphRequest {
  const { path, files, unet, vae, encoders } = checkpoint;
  const figures = [unet?.architecture, vae?.architecture, ...encoders.map(({ architecture }) => architecture)];
  return { path, files, figures, graphs: () => checkpointGraphs(checkpoint) };
}

/** Where graphs lie and how the log is told what was done. */
export interface GraphCacheOptions {
  readonly folder: string;
  readonly say: (sentence: string) => void;
  /** Of the weights that LoRAs changed; all are kept where it is not said. */
  readonly merged?: MergedBound;
}

async function sourceOf(path: string): Promise<Source> {
  const { dev, ino, size, mtimeMs } = await stat(path);
  return { path, device: dev, inode: ino, size, changed: mtimeMs };
}

const manifestName = 'graphs.json';

async function readManifest(folder: string): Promise<z.infer<typeof Manifest> | undefined> {
  try {
    return Manifest.parse(JSON.parse(await readFile(join(folder, manifestName), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Raised when other graphs are written for the same weights. */
const graphVersion = 4;

function keyOf({ files, figures }: GraphRequest, sources: readonly Source[]): string {
  const headers = files.map(({ tensors }) => [...tensors].map(([key, { type, shape, offset }]) => [key, type, shape, offset]));
  const text = JSON.stringify([graphVersion, figures, headers, sources]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Throws `bad-model` with the first few weights that are missing or wrong. */
function checkFaults(path: string, graphs: ReadonlyMap<PartName, GraphBuilder>): void {
  for (const [part, { faults }] of graphs) {
    const found = [...faults.wrong, ...(faults.missing.length > 0 ? [`${some(faults.missing)} missing`] : [])];
    if (found.length > 0)
      throw new GraphError(
        'bad-model',
        `The weights of ${part} in ${path} are not complete: ${found.slice(0, 3).join('; ')}. “litegraph-diffusion models inspect” lists all. Download the file again, or choose another.`,
      );
  }
}

const some = (names: readonly string[]): string =>
  names.length <= 3
    ? `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'}`
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more are`;

const countOf = ({ graph }: GraphBuilder): number =>
  graph.initializers.reduce((sum, { dims }) => sum + dims.reduce((product, side) => product * side, 1), 0);

/** Graphs of checkpoints on disk, each in a folder of its own beside links to the files whose byte ranges are its weights. */
export class GraphCache {
  readonly #options: GraphCacheOptions;

  constructor(options: GraphCacheOptions) {
    this.#options = options;
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** Networks by part, written when they are first asked for. Throws `bad-model` for weights that do not fit. */
  async graphs(request: GraphRequest): Promise<ReadonlyMap<PartName, GraphFile>> {
    const sources = await Promise.all(request.files.map(({ path }) => sourceOf(path)));
    const folder = join(this.#options.folder, keyOf(request, sources));
    const known = await readManifest(folder);
    const parts = known?.parts ?? (await this.#write(request, { folder, sources }));
    await stampMerged(folder);
    const { merged } = this.#options;
    if (known === undefined && merged !== undefined) await keepWithin(this.#options.folder, merged);
    const names: readonly PartName[] = ['unet', 'text_encoder', 'text_encoder_2', 'vae_encoder', 'vae_decoder', 'controlnet', 'attention'];
    return new Map(
      names.flatMap((name): [PartName, GraphFile][] => {
        const parameters = parts[name];
        return parameters === undefined ? [] : [[name, { file: join(folder, `${name}.onnx`), parameters }]];
      }),
    );
  }

  async #write(
    request: GraphRequest,
    { folder, sources }: { folder: string; sources: readonly Source[] },
  ): Promise<Readonly<Record<string, number>>> {
    // Another process may do the same: the first one to rename wins, and all have written the same.
    const draft = `${folder}.${randomUUID()}`;
    await mkdir(draft, { recursive: true });
    try {
      const links = new Map(sources.map(({ path }, i) => [path, `weights-${i}.safetensors`]));
      const locate = (file: string): string => links.get(file) ?? basename(file);
      for (const source of sources) await this.#place(source, join(draft, locate(source.path)));
      const graphs = await request.graphs({ folder: draft, locate });
      checkFaults(request.path, graphs);
      for (const [name, { graph }] of graphs) await writeFile(join(draft, `${name}.onnx`), encodeModel(graph, locate));
      const parts = Object.fromEntries([...graphs].map(([name, graph]) => [name, countOf(graph)]));
      await writeFile(join(draft, manifestName), JSON.stringify({ sources, parts }));
      await rename(draft, folder).catch(async (thrown: unknown) => {
        if ((await readManifest(folder)) === undefined) throw thrown;
      });
      return parts;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  async #place({ path, size }: Source, to: string): Promise<void> {
    const placed = await placeFile(path, to);
    if (placed === 'copy')
      this.#options.say(
        `The file ${path} was copied into ${this.#options.folder} (${megabytes(size)}): no hard link can be made from there. A --data folder on the same file system needs no copy.`,
      );
    if (placed === 'reflink')
      this.#options.say(`The file ${path} shares its blocks with a copy in ${this.#options.folder}; it takes no room.`);
  }
}

async function isCurrent(sources: readonly Source[]): Promise<boolean> {
  for (const source of sources) {
    const now = await sourceOf(source.path).catch(() => undefined);
    if (now?.inode !== source.inode || now.size !== source.size || now.changed !== source.changed) return false;
  }
  return true;
}

/** Deletes the graphs and links in a folder whose files are no longer what they were. */
export async function sweepGraphs(cache: string): Promise<void> {
  for (const name of await readdir(cache).catch((): string[] => [])) {
    const folder = join(cache, name);
    const manifest = await readManifest(folder);
    if (manifest !== undefined && !(await isCurrent(manifest.sources))) await rm(folder, { recursive: true, force: true });
  }
}
