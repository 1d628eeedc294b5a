import type { PreviewHeader, RecordedHeader, RunEvent } from '../../workflows/index.ts';
import type { LoadedNetwork, UnloadChoice } from '../../workflows/protocol.ts';
import type { Precision } from './models/graph-precision.ts';
import type { EngineOptions, RunEnd, RunRequest } from './types.ts';

/** Server → engine process. */
export type ToEngine =
  | { readonly type: 'start'; readonly options: EngineOptions }
  | { readonly type: 'run'; readonly request: RunRequest }
  | { readonly type: 'cancel'; readonly job: string }
  /** To be answered with `unloaded` and the same number. */
  | { readonly type: 'unload'; readonly number: number; readonly choice: UnloadChoice }
  | { readonly type: 'close' };

/** Engine process → server. */
export type FromEngine =
  | {
      readonly type: 'ready';
      readonly device: string;
      readonly provider: string;
      readonly title?: string;
      readonly precision?: Precision;
      readonly memory?: number;
      readonly message?: string;
    }
  | { readonly type: 'unusable'; readonly message: string }
  | { readonly type: 'events'; readonly job: string; readonly events: readonly RunEvent[] }
  | { readonly type: 'preview'; readonly header: PreviewHeader; readonly jpeg: Uint8Array }
  | { readonly type: 'recorded'; readonly header: RecordedHeader; readonly jpeg: Uint8Array }
  | { readonly type: 'loaded'; readonly networks: readonly LoadedNetwork[] }
  | { readonly type: 'unloaded'; readonly number: number }
  | { readonly type: 'ended'; readonly job: string; readonly end: RunEnd };
