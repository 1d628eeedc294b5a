import type { ImageFile, Problem } from '../../nodes/kit/index.ts';
import type { ConnectionState } from '../connection.ts';
import type { Run, RunOptions } from '../runs.ts';

/** Where the server is, and under which name the nodes stand in the host. */
export interface DiffusionOptions {
  /** Origin of the server, such as `http://127.0.0.1:8190`. */
  readonly server: string;
  /** The secret of a server that was started with one. */
  readonly token?: string;
  /** Nodes are registered as `prefix/Type`; without it as `diffusion/Type`, as in saved files. */
  readonly prefix?: string;
}

/** What a page can listen to. */
export interface DiffusionEvents {
  /** Anything about the last run changed: its state, place in the queue, nodes, outputs, problems. */
  run: Run;
  /** The last run is done, failed, cancelled or rejected; once for each run. */
  ended: Run;
  /** What is wrong with the graph or the last run; an empty list when it is put right. Marked in the nodes too. */
  problems: readonly Problem[];
  /** The connection to the server; `lost` heals by itself. */
  connection: { readonly state: ConnectionState; readonly message?: string };
}

/** Diffusion nodes in a litegraph host. */
export interface DiffusionPlugin {
  /** The node types are registered. Rejects only if the server refuses this page, or a type of that name exists already. */
  readonly ready: Promise<void>;
  /** Draws results into the nodes of an `LGraphCanvas`; its graph is the one that is run. One canvas at a time. May be called before `ready`. */
  attach(canvas: object): void;
  /** Checks the attached graph and runs it; resolves with its end and never rejects. `rejected`: nothing was started, see its problems. */
  run(options?: RunOptions): Promise<Run>;
  /** Cancels every run that was started here. */
  cancel(): void;
  /** The bytes of a picture, for showing a result elsewhere in the page; `width` in px asks for a smaller copy. */
  picture(file: Pick<ImageFile, 'folder' | 'name'>, width?: number): Promise<Blob>;
  /** Gives back how to stop listening. */
  on<K extends keyof DiffusionEvents>(name: K, listener: (event: DiffusionEvents[K]) => void): () => void;
  /** Closes the connection and leaves the host as it was; nodes in the attached graph become unknown nodes. Runs go on at the server. */
  dispose(): void;
}
