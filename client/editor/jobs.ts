import { toProblem } from '../../nodes/kit/index.ts';
import { isFinal, isRecord, type ServerMessage } from '../../workflows/index.ts';
import type { App } from './app.ts';
import { showHistory } from './past-jobs.ts';
import type { Queue, QueuedJob, WaitingJob } from './state.ts';

/** Many jobs change at once; the lists are asked for once, in ms. */
const soon = 120;

/** Asks again for a list that is shown, once for many changes. */
function refresher(app: App): { queue(): void; history(): void } {
  const planned = new Set<string>();
  const later = (list: string, refresh: () => void) => (): void => {
    if (planned.has(list)) return;
    planned.add(list);
    setTimeout(() => {
      planned.delete(list);
      refresh();
    }, soon);
  };
  return { queue: later('queue', () => refreshQueue(app)), history: later('history', () => void showHistory(app)) };
}

/** Is the queue shown? */
export const showsQueue = ({ state }: App): boolean => state.panel === 'queue' || state.sheet === 'queue';

/** Are ended jobs shown? The queue shows the newest of them. */
const showsHistory = (app: App): boolean => app.state.panel === 'history' || showsQueue(app);

/** Keeps the list of jobs that have not ended, and what the open panels show; to be called with every message. */
export function followJobs(app: App): (message: ServerMessage) => void {
  const refresh = refresher(app);
  return (message) => {
    if (message.type === 'queue') app.set({ queue: { ...app.state.queue, paused: message.queue.paused } });
    else if (message.type === 'welcome') {
      const jobs = new Map(message.jobs.map(({ id, state, position }): [string, WaitingJob] => [id, { id, state, position }]));
      app.set({ jobs, queue: { ...app.state.queue, paused: message.queue.paused } });
      if (showsHistory(app)) refresh.history();
    } else if (message.type === 'event' && message.event.type === 'state') {
      const jobs = new Map(app.state.jobs);
      const { job, state, position } = message.event;
      if (isFinal(state)) jobs.delete(job);
      else jobs.set(job, { id: job, state, position });
      app.set({ jobs });
      if (isFinal(state) && showsHistory(app)) refresh.history();
    } else return;
    if (showsQueue(app)) refresh.queue();
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const list = (value: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.filter(isRecord) : []);

const readWaiting = (raw: Readonly<Record<string, unknown>>): QueuedJob => ({
  id: text(raw.id),
  title: text(raw.title),
  priority: typeof raw.priority === 'number' ? raw.priority : 0,
  paused: raw.paused === true,
  ranBefore: typeof raw.starts === 'number' && raw.starts > 0,
});

const readRunning = (raw: Readonly<Record<string, unknown>>): Queue['running'][number] => ({
  id: text(raw.id),
  title: text(raw.title),
  safe: raw.safe !== false,
  reason: text(raw.reason),
});

function readQueue(raw: unknown, { chosen, told }: Queue): Queue {
  const { paused, running, waiting } = isRecord(raw) ? raw : {};
  const jobs = list(waiting).map(readWaiting);
  return {
    paused: paused === true,
    running: list(running).map(readRunning),
    waiting: jobs,
    chosen: new Set(jobs.filter(({ id }) => chosen.has(id)).map(({ id }) => id)),
    told,
  };
}

/** Asks for the queue as it is now, and follows what runs, so that its progress can be shown. */
export function refreshQueue(app: App): void {
  app.connection
    .get('/v1/queue', (raw) => readQueue(raw, app.state.queue))
    .then((queue) => {
      app.set({ queue });
      for (const { id } of queue.running) if (app.runs.get(id) === undefined) app.runs.follow(id);
    })
    .catch((thrown: unknown) => app.say(toProblem(thrown).message, 'error'));
}

/** Holds or releases the whole queue. */
export const holdQueue = (app: App, paused: boolean): void => app.connection.send({ type: 'pause', paused });

/** Puts jobs elsewhere in the queue; the list shows it at once. */
export function moveJobs(app: App, jobs: readonly string[], to: 'first' | 'last' | { readonly before: string }): void {
  const { queue } = app.state;
  const moved = queue.waiting.filter(({ id }) => jobs.includes(id));
  const others = queue.waiting.filter(({ id }) => !jobs.includes(id));
  const found = typeof to === 'string' ? -1 : others.findIndex(({ id }) => id === to.before);
  const at = to === 'first' ? 0 : found < 0 ? others.length : found;
  const waiting = [...others.slice(0, at), ...moved, ...others.slice(at)];
  const told = moved.length === 1 ? `Now number ${at + 1} of ${waiting.length}.` : `${moved.length} jobs moved.`;
  app.set({ queue: { ...queue, waiting, told } });
  app.connection.send({ type: 'move', jobs, to });
}

/** Moves a job by a number of places. */
export function stepJob(app: App, id: string, step: number): void {
  const { waiting } = app.state.queue;
  const at = waiting.findIndex((job) => job.id === id);
  const to = at + step;
  if (at < 0 || to < 0 || to >= waiting.length) return;
  const before = waiting[step > 0 ? to + 1 : to];
  moveJobs(app, [id], before === undefined ? 'last' : { before: before.id });
}

/** A job that is dropped on another one goes before it, or behind it when it came from above; chosen ones go together. */
export function dropJob(app: App, id: string, target: string): void {
  const { waiting, chosen } = app.state.queue;
  const jobs = chosen.has(id) ? waiting.filter((job) => chosen.has(job.id)).map((job) => job.id) : [id];
  if (jobs.includes(target)) return;
  const at = waiting.findIndex((job) => job.id === target);
  const down = waiting.findIndex((job) => job.id === id) < at;
  const before = waiting.slice(down ? at + 1 : at).find((job) => !jobs.includes(job.id));
  moveJobs(app, jobs, before === undefined ? 'last' : { before: before.id });
}

/** Holds or releases single jobs. */
export const holdJobs = (app: App, jobs: readonly string[], paused: boolean): void => app.connection.send({ type: 'hold', jobs, paused });

/** Sets the priority of jobs that wait. */
export const prioritiseJobs = (app: App, jobs: readonly string[], priority: number): void =>
  app.connection.send({ type: 'prioritise', jobs, priority });

/** Cancels jobs, whoever sent them. */
export function cancelJobs(app: App, jobs: readonly string[]): void {
  for (const job of jobs) app.connection.send({ type: 'cancel', job });
}

/** Chooses a job in the list, or lets it go. */
export function chooseJob(app: App, id: string, chosen: boolean): void {
  app.set({ queue: { ...app.state.queue, chosen: withChoice(app.state.queue.chosen, id, chosen) } });
}

/** A set with an id more or less. */
export function withChoice(before: ReadonlySet<string>, id: string, chosen: boolean): ReadonlySet<string> {
  const next = new Set(before);
  if (chosen) next.add(id);
  else next.delete(id);
  return next;
}
