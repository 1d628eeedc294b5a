import type { ImageFile, Problem } from '../../nodes/kit/index.ts';
import type { DeviceStatus, JobState, PropertyValue, WorkerSummary, WorkflowSummary } from '../../workflows/index.ts';
import type { LoadedNetwork } from '../../workflows/protocol.ts';
import type { ConnectionState } from '../connection.ts';
import type { SearchRequest } from '../graph-view.ts';
import type { HeldFields } from '../held-port.ts';
import type { Run } from '../run-state.ts';
import type { Batch, BatchItem, BatchSummary } from './batches.ts';
import type { ModelFile } from './models.ts';
import type { NewBatch } from './new-batch.ts';
import type { About } from './picture-about.ts';
import type { Replay } from './replay.ts';
import type { Timeline } from './timeline.ts';

/** A picture in the strip; `modified` in ms since 1970. */
export type Picture = ImageFile & { readonly modified: number };

/** A template as the menu shows it. */
export interface Template {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly group: string;
}

/** A job in the list of those that wait. */
export interface QueuedJob {
  readonly id: string;
  readonly title: string;
  readonly priority: number;
  readonly paused: boolean;
  /** It was interrupted, and runs again. */
  readonly ranBefore: boolean;
}

/** The queue as the server last told it. */
export interface Queue {
  /** Held: nothing starts. */
  readonly paused: boolean;
  /** `reason` says why one runs again. */
  readonly running: readonly { readonly id: string; readonly title: string; readonly safe: boolean; readonly reason: string }[];
  readonly waiting: readonly QueuedJob[];
  /** Jobs that are chosen in the list. */
  readonly chosen: ReadonlySet<string>;
  /** What was done last, for those who hear the page. */
  readonly told: string;
}

/** A job of the history. */
export interface EndedJob {
  readonly id: string;
  readonly title: string;
  readonly state: JobState;
  readonly created: number;
  readonly started?: number;
  readonly ended?: number;
  /** Nothing had to run. */
  readonly cached: boolean;
  readonly files: readonly ImageFile[];
  readonly problems: readonly Problem[];
}

/** All that is kept of an ended job: the values that it used, and how long its nodes took in ms. */
export interface JobDetails {
  readonly job: EndedJob;
  readonly values: readonly { readonly node: string; readonly title: string; readonly name: string; readonly value: string }[];
  readonly nodes: readonly {
    readonly node: string;
    readonly title: string;
    readonly state: string;
    readonly ms: number;
    readonly reason: string;
  }[];
}

/** The part of the history that was fetched; `next` asks for more. */
export interface JobHistory {
  readonly jobs: readonly EndedJob[];
  readonly next?: string;
  /** Jobs that are chosen in the list. */
  readonly chosen: ReadonlySet<string>;
}

/** A job of this server that has not ended. */
export interface WaitingJob {
  readonly id: string;
  readonly state: JobState;
  readonly position?: number | undefined;
}

/** What stands before everything else. */
export type Dialog =
  | { readonly kind: 'search'; readonly request?: SearchRequest }
  | { readonly kind: 'commands' }
  | { readonly kind: 'keys' }
  | { readonly kind: 'open' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'text'; readonly node: string; readonly port: string }
  | { readonly kind: 'share'; readonly link?: string }
  | { readonly kind: 'foreign'; readonly summary: WorkflowSummary; readonly go: () => void }
  | PictureDialog
  | { readonly kind: 'batch'; readonly id: string }
  | { readonly kind: 'new-batch'; readonly wish: NewBatch }
  | { readonly kind: 'job'; readonly job: JobDetails; readonly against?: JobDetails }
  | { readonly kind: 'rename' };

/** A picture in its large view. */
export interface PictureDialog {
  readonly kind: 'picture';
  readonly picture: Picture;
  readonly against?: Picture;
  /** The item of a batch that it is. */
  readonly cell?: { readonly batch: string; readonly item: BatchItem };
  /** How it came about, step by step. */
  readonly replay?: Replay;
  /** What it was made with. */
  readonly about?: About;
}

/** A menu of a node or of the background; points in CSS px of the page. */
export interface Menu {
  readonly at: readonly [number, number];
  readonly graph: readonly [number, number];
  readonly node?: string;
  /** The field under the pointer. */
  readonly port?: string;
  readonly group?: number;
}

export type Panel = 'nodes' | 'templates' | 'models' | 'queue' | 'history';
export type Sheet = 'prompt' | 'outline' | 'results' | 'queue';

/** A short message; errors stay until they are sent away. */
export interface Toast {
  readonly id: number;
  readonly kind: 'info' | 'error';
  readonly text: string;
  /** What can be done about it. */
  readonly actions?: readonly ToastAction[];
}

/** A button of a message. */
export interface ToastAction {
  readonly label: string;
  run(): void;
}

/** Everything that the page shows beside the canvas. */
export interface State {
  theme: 'dark' | 'light';
  phone: boolean;
  name: string;
  /** Notes, marked fields and the like: `extra` of the document. */
  extra: Readonly<Record<string, PropertyValue>>;
  /** Under which id the browser keeps the document. */
  document: string;
  /** When it was kept last, in ms since 1970. */
  keptAt: number | undefined;
  /** A template that was not changed. */
  pristine: boolean;
  dirty: boolean;
  savedAt: number | undefined;
  /** It came from somebody else and was not looked at yet. */
  foreign: boolean;
  selection: readonly string[];
  /** Which of the groups is selected, with what is in it. */
  group: number | undefined;
  panel: Panel | undefined;
  inspector: boolean;
  sheet: Sheet | undefined;
  dialog: Dialog | undefined;
  menu: Menu | undefined;
  runMenu: boolean;
  toasts: readonly Toast[];
  pictures: readonly Picture[];
  /** The picture of the strip that has, or had, the focus. */
  thumb: string | undefined;
  templates: readonly Template[];
  run: Run | undefined;
  /** Ids of the runs that this page started, the last ones. */
  mine: ReadonlySet<string>;
  /** Ask for the steps of samplers with every run, or with none; see {@link recordsSteps}. */
  record: boolean | undefined;
  timeline: Timeline | undefined;
  jobs: ReadonlyMap<string, WaitingJob>;
  queue: Queue;
  past: JobHistory | undefined;
  batches: readonly BatchSummary[];
  /** The batch that is followed; the number tells the present follower from earlier ones. */
  batch: Batch | undefined;
  batchTurn: number;
  /** The batch whose pictures the gallery shows; all pictures without. */
  album: string | undefined;
  connection: ConnectionState;
  connectionMessage: string | undefined;
  device: DeviceStatus | undefined;
  /** Which models there are; undefined until they were asked for. */
  models: readonly ModelFile[] | undefined;
  /** What is in the memory of the server's devices. */
  loaded: readonly LoadedNetwork[];
  /** Memory is being given back. */
  unloading: boolean;
  /** The hosts that take jobs from the queue, where the server shares it. */
  workers: readonly WorkerSummary[];
  problems: readonly Problem[];
  /** Size fields that a model holds to some sizes. */
  held: HeldFields;
  query: string;
  /** Which entry of a list is picked by the arrows. */
  picked: number;
}

/** The state of a page that has just opened. */
export const initialState = (theme: State['theme'], phone: boolean): State => ({
  theme,
  phone,
  name: 'Untitled',
  extra: {},
  document: '',
  keptAt: undefined,
  pristine: true,
  dirty: false,
  savedAt: undefined,
  foreign: false,
  selection: [],
  group: undefined,
  panel: undefined,
  inspector: true,
  sheet: 'prompt',
  dialog: undefined,
  menu: undefined,
  runMenu: false,
  toasts: [],
  pictures: [],
  thumb: undefined,
  templates: [],
  run: undefined,
  mine: new Set(),
  record: undefined,
  timeline: undefined,
  jobs: new Map(),
  queue: { paused: false, running: [], waiting: [], chosen: new Set(), told: '' },
  past: undefined,
  batches: [],
  batch: undefined,
  batchTurn: 0,
  album: undefined,
  connection: 'connecting',
  connectionMessage: undefined,
  device: undefined,
  models: undefined,
  loaded: [],
  unloading: false,
  workers: [],
  problems: [],
  held: new Map(),
  query: '',
  picked: 0,
});
