import type { DeviceStatus, JobSnapshot, JobState } from '../../workflows/protocol.ts';
import type { ModelPart } from '../engine/models/named-files.ts';
import type { RunRequest } from '../engine/types.ts';
import type { ModelEntry } from '../serve.ts';

/** What is run for a job; the engine gets it together with the id. */
export type JobRequest = Omit<RunRequest, 'job'>;

/** A job as it is queued. */
export interface QueuedJob {
  readonly id: string;
  /** Identifies the content. */
  readonly digest: string;
  /** Size of the document as text. */
  readonly bytes: number;
  readonly request: JobRequest;
  /** The same as text: document, targets and `fresh`; what survives a restart. */
  readonly source: string;
  /** What people call it: the name of the workflow. */
  readonly title: string;
  /** Models and parts of models that it loads, see {@link fileKey}; only who has them all may take it. */
  readonly needs: readonly string[];
  /** Higher ones run first. */
  readonly priority: number;
  /** ms since 1970. */
  readonly created: number;
}

/** What became of an addition: `same` and `other` say that the id was known, with the same or with other content. */
export type Addition = 'added' | 'same' | 'other' | 'full';

/** A job that was taken to be run. Without a request it has to be read from its source again. */
export interface TakenJob {
  readonly id: string;
  readonly source: string;
  readonly request?: JobRequest;
  /** How often it was started before. */
  readonly starts: number;
  /** Name and time of creation, where it was not sent to this process. */
  readonly title?: string;
  readonly created?: number;
}

/** A job that waits. */
export interface WaitingJob {
  readonly id: string;
  readonly paused: boolean;
  readonly priority: number;
  readonly title: string;
  readonly created: number;
  /** How often it was started before. */
  readonly starts: number;
}

/** How a job ended, with everything that is to be kept of it. */
export interface Ending {
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly at: number;
  readonly snapshot: JobSnapshot;
}

/** Where a job is put in the queue: before all others, behind them, or just before another one. */
export type Place = 'first' | 'last' | { readonly before: string };

/** A job of the history, with all that is kept of it. */
export interface JobRecord {
  readonly id: string;
  readonly title: string;
  readonly state: JobState;
  readonly priority: number;
  readonly created: number;
  readonly started?: number;
  readonly ended?: number;
  /** Who ran it. */
  readonly worker?: string;
  /** Document, targets and `fresh` as text. */
  readonly source: string;
  /** As it stood at its end. */
  readonly snapshot?: JobSnapshot;
}

/** A page of the history; `next` asks for the one after it. */
export interface HistoryPage {
  readonly jobs: readonly JobRecord[];
  readonly next?: string;
}

/** Which part of the history: newest first, at most `limit`, after a former page's `next`. */
export interface HistoryQuery {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly state?: Ending['state'] | undefined;
}

/** What a store knows when it is opened. */
export interface Recovered {
  readonly paused: boolean;
  /** In order. */
  readonly waiting: readonly WaitingJob[];
  /** Ids that ran when their server died once too often, and are now failed. */
  readonly parked: readonly string[];
}

/** A process on a machine; `machine` is the same for all that can ask the same kernel for one another. */
export interface ProcessPlace {
  readonly machine: string;
  readonly pid: number;
  /** When it was started, by the kernel's clock; '' where unknown. */
  readonly born: string;
}

/** A host that takes jobs from a shared queue, as it tells of itself. */
export interface Presence {
  readonly kind: 'server' | 'worker';
  /** What people call it: the machine's name. */
  readonly name: string;
  readonly process: ProcessPlace;
  readonly devices: readonly DeviceStatus[];
  /** Models that it has and that fit into its memory; `bytes` on disk. */
  readonly models: readonly Pick<ModelEntry, 'name' | 'family' | 'bytes' | 'sizes'>[];
  /** Of a server: names its folders of pictures, the same as those of servers that share them. */
  readonly folders?: string;
  /** The same of files that are parts of models; hosts of an older version do not say. */
  readonly parts?: readonly ModelPart[];
}

/** A host that lives, and the ids of the jobs that it runs. */
export interface Member extends Presence {
  readonly id: string;
  readonly jobs: readonly string[];
}

/** Where a job stands; `worker` runs it or ran it. */
export interface Standing {
  readonly id: string;
  readonly title: string;
  readonly state: JobState;
  readonly priority: number;
  readonly created: number;
  readonly starts: number;
  readonly worker?: string;
}

/** What a host learns with a sign of life. */
export interface Beat {
  /** Jobs that run here and are to be cancelled. */
  readonly unwanted: readonly string[];
  /** The hosts that live, this one included. */
  readonly members: readonly Member[];
}

/** What a host hears of the others. */
export interface Hearing {
  /** This job was changed; '' stands for the whole queue. */
  heard(id: string): void;
  /** A host came, went, or tells something new of itself. */
  met(): void;
  /** The connection was lost for a while, and with it what was said meanwhile. */
  missed(): void;
}

/** A queue that several hosts work on. */
export interface SharedQueue {
  /** The id of this host. */
  readonly me: string;
  /** Hears what the other hosts do. */
  listen(hearing: Hearing): Promise<void>;
  standings(ids: readonly string[]): Promise<readonly Standing[]>;
  /** Jobs that wait, and those that others run. */
  elsewhere(): Promise<readonly Standing[]>;
  isPaused(): Promise<boolean>;
  /** Asks whoever runs a job to cancel it; false if it does not run (any more). */
  stop(id: string): Promise<boolean>;
  /** A sign of life, to be given every few seconds. Jobs of those who gave none for a while wait again. */
  beat(): Promise<Beat>;
}

/**
 * The queue and what is kept of ended jobs. Every change is one atomic call, so that several dispatchers, or several hosts, may share one
 * store; who gets `true` or a job has it alone.
 */
export interface JobStore {
  /** Do jobs outlive the process? */
  readonly durable: boolean;
  /** Can jobs be taken? Until then additions wait. */
  readonly isOpen: boolean;
  /** False while nothing can stand in it but what was added since the start. */
  readonly remembers: boolean;
  /** What several hosts on one queue have in common; undefined where there is only one. */
  readonly shared?: SharedQueue;
  /** What a former process left; jobs that it ran wait again. Resolves once the store can be used. */
  open(): Promise<Recovered>;
  /** `claimed` is asked at the last moment: true if this process runs it already, so that nobody else may take it. */
  add(job: QueuedJob, claimed: () => boolean): Promise<Addition>;
  /** Does the id stand, and for the same content? Undefined if it is not known. */
  find(id: string, digest: string): Promise<'same' | 'other' | undefined>;
  /** Takes the first job that is not paused, if the queue is not; it no longer waits. */
  take(): Promise<TakenJob | undefined>;
  /** A taken job has ended. */
  finish(id: string, ending: Ending): Promise<void>;
  /** A taken job waits again, where it was. */
  giveBack(id: string): Promise<void>;
  /** Counts a loss of the engine while it ran this job, and gives back how many there were. */
  countLoss(id: string): Promise<number>;
  /** Takes a waiting job out, as cancelled; false if it does not wait (any more). */
  withdraw(id: string, at: number): Promise<boolean>;
  /** Holds or releases a waiting job; false if it does not wait (any more). */
  hold(id: string, paused: boolean): Promise<boolean>;
  /** Moves waiting jobs, which keep their order among themselves. They take the priority of where they go. */
  move(ids: readonly string[], place: Place): Promise<void>;
  prioritise(ids: readonly string[], priority: number): Promise<void>;
  /** Holds or releases the whole queue. */
  pause(paused: boolean): Promise<void>;
  /** In order; the first `limit` of them, or all. */
  waiting(limit?: number): Promise<readonly WaitingJob[]>;
  record(id: string): Promise<JobRecord | undefined>;
  history(query: HistoryQuery): Promise<HistoryPage>;
  /** Takes ended jobs out of the history; gives back the ids of those that it held. */
  erase(ids: readonly string[]): Promise<readonly string[]>;
  /** Nothing of this job is kept in memory any more. */
  forget(id: string): Promise<void>;
  close(): Promise<void>;
}
