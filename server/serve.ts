import type { NodeSpec } from '../nodes/kit/index.ts';
import type { Engine } from './engine/types.ts';
import type { Limits } from './security/limits.ts';

/** A model as `GET /v1/models` lists it; `bytes` on disk. */
export interface ModelEntry {
  readonly name: string;
  readonly family: string;
  readonly bytes: number;
  readonly embedded: boolean;
}

/** What a server is started with; paths are absolute. Nothing is created before the data folder is locked and the port is taken. */
export interface ServeOptions {
  /** Anything but a loopback address needs a token. */
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  readonly token?: string;
  /** Origins of host pages elsewhere, `http://example.org:3000`. */
  readonly allowOrigins: readonly string[];
  /** The folder of `--models`, watched for changes. */
  readonly models: string;
  /** The folder of `--data`. */
  readonly data: string;
  /** All node types, choices not filled in. */
  readonly specs: ReadonlyMap<string, NodeSpec>;
  /** The models that there are now, the embedded ones included. */
  readonly listModels: () => Promise<readonly ModelEntry[]>;
  /** Starts one engine per device; called once. */
  readonly startEngines: () => readonly Engine[];
  /** Lowered in tests. */
  readonly limits?: Partial<Limits>;
}

/** A server that runs. */
export interface RunningServer {
  /** `http://127.0.0.1:8190`. */
  readonly url: string;
  /** Ends sockets, running jobs, engines and the lock. */
  close(): Promise<void>;
}
