import type { Tensor } from '../../../nodes/kit/index.ts';
import type { NamedDevice } from '../device-names.ts';

/** Name, element type and shape of an input or output; symbolic sides are strings. */
export interface SlotInfo {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A loaded network. Feeds are float32 and are converted to what the network declares; so are outputs back. */
export interface Session {
  readonly inputs: readonly SlotInfo[];
  readonly outputs: readonly SlotInfo[];
  run(feeds: Readonly<Record<string, Tensor>>): Promise<ReadonlyMap<string, Tensor>>;
  release(): Promise<void>;
}

/** A loaded network that may have been opened with `profile`. */
export interface BackendSession extends Session {
  /** Ends profiling: the profile is written to a file that begins with the prefix given. */
  endProfiling(): void;
}

/** How a network is opened. */
export interface OpenOptions {
  readonly device: NamedDevice;
  /** Without it the CPU takes the operators that the device's provider leaves. */
  readonly strict?: boolean;
  /** Where weights lie that a graph in memory names. */
  readonly weightsFolder?: string;
  /** Path, without its ending, of a profile that is to be written. */
  readonly profile?: string;
}

/**
 * A library that runs ONNX networks. All that the engine knows of one: devices, precision, memory and batches are dealt with above it. `run` and `open` throw what the
 * library throws, in its own words, but for element types that it cannot take (`bad-model`).
 */
export interface InferenceBackend {
  readonly name: string;
  /** The library's version, without loading it. */
  version(): Promise<string>;
  /** The execution providers that the library was built with, by its own names. */
  providers(): Promise<readonly string[]>;
  /** Loads a network from a path, or from the bytes of its graph. */
  open(network: string | Uint8Array, options: OpenOptions): Promise<BackendSession>;
}
