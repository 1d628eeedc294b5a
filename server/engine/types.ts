import type { DeviceStatus, LoadedNetwork, PreviewHeader, RecordedHeader, RunEvent, UnloadChoice } from '../../workflows/protocol.ts';
import type { NodeId, Workflow } from '../../workflows/types.ts';
import type { PictureFolders } from '../files/paths.ts';
import type { PrecisionChoice } from './device-names.ts';
import type { WarmUp } from './warm-up.ts';

/** One run, as the server hands it to an engine. The workflow is validated; `document` is what pictures will carry. */
export interface RunRequest {
  readonly job: string;
  readonly workflow: Workflow;
  /** The saved graph as JSON text, written into PNGs as it is; absent for the compact form. */
  readonly document?: string;
  /** Run only what these nodes need. */
  readonly targets?: readonly NodeId[];
  /** Ignore cached results. */
  readonly fresh?: boolean;
  /** Keep what each step of a sampler looked like. */
  readonly record?: boolean;
  /** Saved pictures get exactly this name below the output folder, without ending, and replace what was there. */
  readonly saveAs?: string;
}

/** Who listens to a run. Previews may be dropped, events never. */
export interface RunSink {
  event(event: RunEvent): void;
  preview(header: PreviewHeader, jpeg: Uint8Array): void;
  /** A step of a recorded run; none is dropped. */
  recorded(header: RecordedHeader, jpeg: Uint8Array): void;
}

/** How a run ended; every problem has been told as an event before. */
export type RunEnd = 'done' | 'failed' | 'cancelled';

/**
 * One device that runs one workflow at a time, in a child process of its own. A lost child is started again; the run it
 * was in ends as `failed` with code `engine-lost` and the cause.
 */
export interface Engine {
  readonly device: DeviceStatus;
  run(request: RunRequest, sink: RunSink): Promise<RunEnd>;
  /** Stops between two steps; after a grace time the child is killed. No effect on a job that is not running. */
  cancel(job: string): void;
  onDevice(listener: (device: DeviceStatus) => void): () => void;
  /** Networks that are in its memory. */
  readonly loaded: readonly LoadedNetwork[];
  /** Gives the memory of networks back that are not at work at this moment; waits for a step that is being computed. */
  unload(choice: UnloadChoice): Promise<void>;
  /** Hears when a network was loaded or unloaded. */
  onLoaded(listener: () => void): () => void;
  close(): Promise<void>;
}

/** What an engine child is started with. All paths are absolute. */
export interface EngineOptions {
  /** `auto`, `cpu`, `cuda`, `cuda:1`, `webgpu`, `directml` or `coreml`. */
  readonly device: string;
  /** How networks compute inside. */
  readonly precision?: PrecisionChoice;
  /** The most bytes of weights that are kept on the device; without it most of what a GPU has free at the start. */
  readonly memory?: number;
  /** Models that are run once at a size before the first job comes. */
  readonly warmUp?: readonly WarmUp[];
  /** The folder of `--models`; the embedded models are always there besides. */
  readonly models: string;
  /** The folders of `--extra-models`. */
  readonly extraModels?: readonly string[];
  /** `--data`: holds input/, output/, cache/. */
  readonly data: string;
  /** Where pictures lie and are noted, if not below `data`. */
  readonly folders?: PictureFolders;
  /** Upper bound of cached node results in bytes. */
  readonly cacheBytes: number;
  /** The most bytes on disk of weights that LoRAs changed; unbounded where it is not said. */
  readonly mergedBytes?: number;
  /** Saved pictures carry nothing. */
  readonly noMetadata?: boolean;
}
