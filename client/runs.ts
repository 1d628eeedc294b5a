import type { Content, Problem } from '../nodes/kit/index.ts';
import { isFinal, type JobEvent, type JobSnapshot, type NodeStatus, type RunChoices, type ServerMessage } from '../workflows/protocol.ts';
import type { NodeId } from '../workflows/types.ts';
import type { Connection } from './connection.ts';
import { createEmitter, type Emitter } from './emitter.ts';
import { applyEvent, fromSnapshot, hasEnded, newRun, type Run } from './run-state.ts';

export { hasEnded, type Run } from './run-state.ts';

/** What can be heard of all runs that were started or followed here. */
export interface RunEvents {
  /** Anything changed: state, position, problems, outputs, what is running. */
  run: Run;
  node: { readonly run: Run; readonly node: NodeId; readonly status: NodeStatus };
  shown: { readonly run: Run; readonly node: NodeId; readonly content: Content };
  preview: { readonly run: Run; readonly node: NodeId; readonly jpeg: Uint8Array };
  /** Fired once, after `run`, when a run is done, failed, cancelled or rejected. */
  ended: Run;
}

/** Ways to start a run. */
export type RunOptions = RunChoices;

/** Starts runs and keeps track of them through lost connections. */
export interface Runs {
  /** Sends a document and gives back the run's id at once. */
  start(document: string, options?: RunOptions): string;
  /** Follows a job that was started elsewhere. */
  follow(job: string): void;
  cancel(id: string): void;
  get(id: string): Run | undefined;
  /** Runs that have not ended, oldest first. */
  active(): readonly Run[];
  on<K extends keyof RunEvents>(name: K, listener: (event: RunEvents[K]) => void): () => void;
  dispose(): void;
}

/** Ended runs that are remembered. */
const remembered = 50;

/** Follows all runs of a page over its connection. The ids of runs are made here, so that sending one again after a lost connection starts no second job. */
export function createRuns(connection: Connection): Runs {
  const book: Book = { runs: new Map(), emitter: createEmitter<RunEvents>() };
  const stop = [
    connection.on('message', (message) => hear(book, message)),
    connection.on('preview', ({ header, jpeg }) => {
      const run = book.runs.get(header.job);
      if (run !== undefined && wantsPreview(run.nodes.get(header.node))) book.emitter.emit('preview', { run, node: header.node, jpeg });
    }),
  ];
  return {
    start(workflow, { targets, fresh, record } = {}) {
      const id = newId();
      put(book, newRun(id));
      connection.send({
        type: 'run',
        id,
        workflow,
        ...(targets ? { targets } : {}),
        ...(fresh ? { fresh } : {}),
        ...(record ? { record } : {}),
      });
      return id;
    },
    follow(job) {
      if (!book.runs.has(job)) put(book, newRun(job));
      connection.send({ type: 'watch', jobs: [job] });
    },
    cancel: (id) => connection.send({ type: 'cancel', job: id }),
    get: (id) => book.runs.get(id),
    active: () => [...book.runs.values()].filter((run) => !hasEnded(run)),
    on: book.emitter.on,
    dispose() {
      for (const end of stop) end();
      book.emitter.clear();
    },
  };
}

/** The last preview may come after its node has finished, and that of a cached node comes again; a picture of the node's own is not painted over by it. */
const wantsPreview = (status: NodeStatus | undefined): boolean =>
  status?.state === 'running' || ((status?.state === 'ran' || status?.state === 'cached') && status.content?.kind !== 'images');

interface Book {
  readonly runs: Map<string, Run>;
  readonly emitter: Emitter<RunEvents>;
}

/** 96 random bits as hexadecimal digits; works on pages that are not served safely, where `randomUUID` is missing. */
const newId = (): string => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function put({ runs, emitter }: Book, run: Run, before = runs.get(run.id)): void {
  runs.set(run.id, run);
  emitter.emit('run', run);
  if (!hasEnded(run) || (before !== undefined && hasEnded(before))) return;
  emitter.emit('ended', run);
  const ended = [...runs.values()].filter(hasEnded);
  for (const old of ended.slice(0, Math.max(0, ended.length - remembered))) runs.delete(old.id);
}

function hear(book: Book, message: ServerMessage): void {
  if (message.type === 'accepted') change(book, message.id, (run) => accepted(run, message.position));
  else if (message.type === 'rejected') change(book, message.id, (run) => rejected(run, message.problems));
  else if (message.type === 'snapshot') present(book, message.job);
  else if (message.type === 'unknown-job') change(book, message.id, lost);
  else if (message.type === 'event') happen(book, message.event);
}

const accepted = (run: Run, position: number): Run => ({
  ...run,
  safe: true,
  ...(run.state === 'sent' ? { state: 'queued', position } : {}),
});

function change(book: Book, id: string, to: (run: Run) => Run): void {
  const run = book.runs.get(id);
  if (run === undefined || hasEnded(run)) return;
  const next = to(run);
  if (next !== run) put(book, next);
}

/** A run that was refused; for one that runs already, it was a cancel that was refused. */
function rejected(run: Run, problems: readonly Problem[]): Run {
  return { ...run, ...(run.state === 'sent' ? { state: 'rejected' } : {}), problems: [...run.problems, ...problems] };
}

function lost(run: Run): Run {
  const message = 'The server does not know this run any more; it was probably restarted. Run the workflow again.';
  return { ...run, state: 'failed', problems: [...run.problems, { code: 'not-found', message }] };
}

function present(book: Book, job: JobSnapshot): void {
  const before = book.runs.get(job.id);
  if (before === undefined || (job.seq < before.seq && !isFinal(job.state)) || hasEnded(before)) return;
  const run = fromSnapshot(job);
  for (const [node, status] of run.nodes) announce(book, { run, node, status }, before.nodes.get(node));
  put(book, run);
}

function happen(book: Book, event: JobEvent): void {
  const before = book.runs.get(event.job);
  if (before === undefined || hasEnded(before)) return;
  const { run, nodes } = applyEvent(before, event);
  if (run === before) return;
  book.runs.set(run.id, run);
  for (const node of nodes) {
    const status = run.nodes.get(node);
    if (status !== undefined) announce(book, { run, node, status }, before.nodes.get(node));
  }
  put(book, run, before);
}

function announce({ emitter }: Book, { run, node, status }: RunEvents['node'], before: NodeStatus | undefined): void {
  emitter.emit('node', { run, node, status });
  const { content } = status;
  if (content !== undefined && content !== before?.content) emitter.emit('shown', { run, node, content });
}
