import type { Content, ImageFile, Problem } from '../nodes/kit/index.ts';
import type { RunManifest } from './manifest.ts';
import type { NodeId } from './types.ts';

/** The life of a job. `failed` lists the outputs that exist all the same. */
export const jobStates = ['queued', 'paused', 'running', 'done', 'failed', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

/** Is this the end? */
export const isFinal = (state: JobState): boolean => state === 'done' || state === 'failed' || state === 'cancelled';

/** Why a node did or did not run. */
export type NodeOutcome = 'ran' | 'cached' | 'failed' | 'skipped';

/** What the engine says while it executes one workflow; the executor's generator, the socket, NDJSON and tests all carry these. */
export type RunEvent =
  | { readonly type: 'planned'; readonly nodes: readonly { readonly node: NodeId; readonly cached: boolean }[] }
  | { readonly type: 'started'; readonly node: NodeId }
  /** `index` of `total` steps are done; `left` is an estimate in ms for this node. */
  | {
      readonly type: 'step';
      readonly node: NodeId;
      readonly index: number;
      readonly total: number;
      readonly sigma?: number;
      readonly left?: number;
    }
  | { readonly type: 'shown'; readonly node: NodeId; readonly content: Content }
  /** `reason` is a sentence for the node's tooltip. */
  | { readonly type: 'finished'; readonly node: NodeId; readonly outcome: NodeOutcome; readonly ms: number; readonly reason: string }
  | { readonly type: 'problem'; readonly problem: Problem }
  /** What the results depend on; told once, before the end. */
  | { readonly type: 'manifest'; readonly manifest: RunManifest };

/** A change of a job's state; `position` counts from 1 while queued. */
export interface StateEvent {
  readonly type: 'state';
  readonly state: JobState;
  /** ms since 1970. */
  readonly at: number;
  readonly position?: number;
  /** Why, where it is not plain: a sentence. */
  readonly reason?: string;
}

/** Everything that can be heard of a job, in order; `seq` grows by one within a job. */
export type JobEvent = (RunEvent | StateEvent) & { readonly job: string; readonly seq: number };

/** Where a node stands, for a page that comes late. */
export interface NodeStatus {
  readonly state: 'waiting' | 'running' | NodeOutcome;
  readonly ms?: number;
  readonly reason?: string;
  readonly step?: { readonly index: number; readonly total: number };
  readonly content?: Content;
}

/** A finished picture of a job. */
export interface JobOutput {
  readonly node: NodeId;
  readonly files: readonly ImageFile[];
}

/** The present state of a job: `GET /v1/jobs/:id`, and what a reconnecting page gets. */
export interface JobSnapshot {
  readonly id: string;
  /** The name of the workflow, where it has one. */
  readonly title?: string;
  /** False until the job is stored: a run that starts at once may be heard of before. */
  readonly safe: boolean;
  readonly state: JobState;
  readonly created: number;
  readonly started?: number;
  readonly ended?: number;
  readonly position?: number;
  /** Why it runs again, where it ran before: a sentence. */
  readonly reason?: string;
  readonly nodes: Readonly<Record<NodeId, NodeStatus>>;
  readonly outputs: readonly JobOutput[];
  readonly problems: readonly Problem[];
  /** What the results depend on, once the run has come through. */
  readonly manifest?: RunManifest;
  /** Sequence number of the last event that this snapshot contains. */
  readonly seq: number;
}

/** How a network computes inside, where that is not as its file says. */
export type NetworkPrecision = 'fp16' | 'fp32' | 'int8';

/** The device that really runs, as the engine found it. */
export interface DeviceStatus {
  /** `cpu`, `cuda:0`, … */
  readonly device: string;
  /** ONNX Runtime's execution provider. */
  readonly provider: string;
  /** The GPU's name. */
  readonly title?: string;
  /** How networks compute inside, where that is not left to their files. */
  readonly precision?: NetworkPrecision;
  /** The most bytes of weights that are kept on it, where that is bounded. */
  readonly memory?: number;
  readonly state: 'starting' | 'ready' | 'restarting' | 'failed';
  readonly message?: string;
}

/** Kinds of files that models are made of, by the lists that nodes choose from; embeddings are named in prompts. */
export const fileKinds = ['checkpoints', 'loras', 'controlnets', 'vae', 'clip', 'unet', 'embeddings'] as const;
/** One of {@link fileKinds}. */
export type FileKind = (typeof fileKinds)[number];

/** What a loaded network is: the part of a model that a workflow calls by this name. */
export interface NetworkTitle {
  readonly kind: FileKind;
  readonly model: string;
  /** `unet`, `text_encoder`, `text_encoder_2`, `vae_encoder`, `vae_decoder`, `controlnet`, `attention`. */
  readonly part: string;
  /** The LoRAs that its weights are merged with. */
  readonly loras: readonly string[];
}

/** A network that is in the memory of a device. */
export interface LoadedNetwork extends NetworkTitle {
  readonly device: string;
  /** Of its weights. */
  readonly bytes: number;
  /** How it computes inside, where that is not left to its file. */
  readonly precision?: NetworkPrecision;
}

/** Which networks to unload; without anything all. */
export interface UnloadChoice {
  readonly kind?: FileKind | undefined;
  readonly model?: string | undefined;
}

/** A host that takes jobs from the queue: a server with its own devices, or a worker. */
export interface WorkerSummary {
  readonly id: string;
  readonly kind: 'server' | 'worker';
  /** The machine's name. */
  readonly name: string;
  readonly devices: readonly DeviceStatus[];
  /** Names of the models that it can run. */
  readonly models: readonly string[];
  /** Files that are parts of models, which it has. */
  readonly parts: readonly { readonly kind: FileKind; readonly name: string }[];
  /** Ids of the jobs that it runs. */
  readonly jobs: readonly string[];
  /** Is it the server that tells this? */
  readonly here: boolean;
}

/** How a workflow is to be run. */
export interface RunChoices {
  /** Only what these nodes need. */
  readonly targets?: readonly NodeId[];
  /** Compute everything again. */
  readonly fresh?: boolean;
  /** Keep what each step of a sampler looked like. */
  readonly record?: boolean;
}

/** The queue in short. */
export interface QueueSummary {
  readonly paused: boolean;
  readonly waiting: number;
}

/** Page → server. `run` carries a document as text, so that no integer is rounded on the way; `targets` limits it to these nodes. */
export type ClientMessage =
  | ({ readonly type: 'run'; readonly id: string; readonly workflow: string } & RunChoices)
  | { readonly type: 'cancel'; readonly job: string }
  /** Holds or releases the whole queue. */
  | { readonly type: 'pause'; readonly paused: boolean }
  /** Holds or releases single jobs that wait. */
  | { readonly type: 'hold'; readonly jobs: readonly string[]; readonly paused: boolean }
  /** Puts waiting jobs before all others, behind them, or just before another one. */
  | { readonly type: 'move'; readonly jobs: readonly string[]; readonly to: 'first' | 'last' | { readonly before: string } }
  /** Higher ones run first. */
  | { readonly type: 'retry'; readonly job: string; readonly id: string }
  | { readonly type: 'prioritise'; readonly jobs: readonly string[]; readonly priority: number }
  /** Ask for the present state of these jobs and everything that follows; `previews` false mutes binary frames. */
  | { readonly type: 'watch'; readonly jobs: readonly string[]; readonly previews?: boolean }
  | { readonly type: 'ping'; readonly at: number };

/** Server → page, as JSON text frames. */
export type ServerMessage =
  /** `jobs` are those that have not ended, of a long queue only the first. */
  | {
      readonly type: 'welcome';
      readonly version: string;
      readonly device: DeviceStatus;
      readonly jobs: readonly JobSnapshot[];
      readonly queue: QueueSummary;
    }
  /** The queue was held, released or put in another order: `GET /v1/queue` has it. */
  | { readonly type: 'queue'; readonly queue: QueueSummary }
  | { readonly type: 'device'; readonly device: DeviceStatus }
  | { readonly type: 'accepted'; readonly id: string; readonly position: number }
  | { readonly type: 'rejected'; readonly id: string; readonly problems: readonly Problem[] }
  | { readonly type: 'snapshot'; readonly job: JobSnapshot }
  | { readonly type: 'unknown-job'; readonly id: string }
  | { readonly type: 'event'; readonly event: JobEvent }
  /** The hosts that take jobs from a shared queue: told at the start, and whenever a host or its device changed. */
  | { readonly type: 'workers'; readonly workers: readonly WorkerSummary[] }
  /** What is in the memory of this server's devices: told at the start, and whenever a network was loaded or unloaded. */
  | { readonly type: 'loaded'; readonly networks: readonly LoadedNetwork[] }
  /** The models folder or the input folder changed: fetch the catalogue again. */
  | { readonly type: 'catalogue' }
  | { readonly type: 'pong'; readonly at: number };

/** One recorded step, as the engine hands it on with a JPEG of x_t, ε̂ and x̂₀ beside each other, `width` × `height` together. */
export interface RecordedHeader {
  readonly job: string;
  readonly node: NodeId;
  /** `index` of `total`, counted from 1. */
  readonly index: number;
  readonly total: number;
  readonly sigma?: number;
  readonly width: number;
  readonly height: number;
}

/** What was recorded of a node: `GET /v1/jobs/:id/steps`. Of very many steps only evenly spread ones are kept. */
export interface RecordedNode {
  readonly node: NodeId;
  readonly total: number;
  readonly width: number;
  readonly height: number;
  readonly steps: readonly { readonly index: number; readonly sigma?: number }[];
}

/** Head of a binary frame: `[u32 big-endian length][this as JSON][JPEG]`. */
export interface PreviewHeader {
  readonly job: string;
  readonly node: NodeId;
  readonly index: number;
  readonly total: number;
  readonly mime: 'image/jpeg';
  readonly width: number;
  readonly height: number;
}

/** Packs a preview for the socket. */
export function encodePreview(header: PreviewHeader, bytes: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(JSON.stringify(header));
  const frame = new Uint8Array(4 + head.length + bytes.length);
  new DataView(frame.buffer).setUint32(0, head.length);
  frame.set(head, 4);
  frame.set(bytes, 4 + head.length);
  return frame;
}

/** Unpacks a preview; undefined if the frame is not one. */
export function decodePreview(frame: Uint8Array): { header: PreviewHeader; bytes: Uint8Array } | undefined {
  if (frame.length < 4) return undefined;
  const length = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(0);
  if (length > frame.length - 4) return undefined;
  try {
    const header: PreviewHeader = JSON.parse(new TextDecoder().decode(frame.subarray(4, 4 + length)));
    return { header, bytes: frame.subarray(4 + length) };
  } catch {
    return undefined;
  }
}
