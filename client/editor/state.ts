import type { ImageFile, Problem } from '../../nodes/kit/index.ts';
import type { DeviceStatus, JobState, PropertyValue, WorkerSummary, WorkflowSummary } from '../../workflows/index.ts';
import type { ConnectionState } from '../connection.ts';
import type { SearchRequest } from '../graph-view.ts';
import type { Run } from '../run-state.ts';
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
  | { readonly kind: 'picture'; readonly picture: Picture; readonly against?: Picture }
  | { readonly kind: 'rename' };

/** A menu of a node or of the background; points in CSS px of the page. */
export interface Menu {
  readonly at: readonly [number, number];
  readonly graph: readonly [number, number];
  readonly node?: string;
  readonly group?: number;
}

export type Panel = 'nodes' | 'templates' | 'queue';
export type Sheet = 'prompt' | 'outline' | 'results';

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
  runsLeft: number;
  /** Ask for the steps of samplers with every run, or with none; see {@link recordsSteps}. */
  record: boolean | undefined;
  timeline: Timeline | undefined;
  jobs: ReadonlyMap<string, WaitingJob>;
  connection: ConnectionState;
  connectionMessage: string | undefined;
  device: DeviceStatus | undefined;
  /** The hosts that take jobs from the queue, where the server shares it. */
  workers: readonly WorkerSummary[];
  problems: readonly Problem[];
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
  runsLeft: 0,
  record: undefined,
  timeline: undefined,
  jobs: new Map(),
  connection: 'connecting',
  connectionMessage: undefined,
  device: undefined,
  workers: [],
  problems: [],
  query: '',
  picked: 0,
});
