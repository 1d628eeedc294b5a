import type { NodeDefinition, RunContext } from '../../nodes/kit/index.ts';
import type { NodeId, Plan, Task } from '../../workflows/index.ts';
import type { NodeResult, ResultCache } from './cache.ts';
import { keysOf } from './keys.ts';
import type { RunReasons } from './reasons.ts';
import { type LiveEvent, problemOf, runNode } from './run-node.ts';
import type { RunEnd } from './types.ts';

/** What lives longer than one run. */
export interface Executor {
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  readonly cache: ResultCache;
  readonly reasons: RunReasons;
}

/** One run. */
export interface Execution {
  readonly plan: Plan;
  readonly context: RunContext;
  /** Ignore what is cached. */
  readonly fresh?: boolean;
  /** Keep what each step of a sampler looked like; a cached sampler that was not recorded runs again. */
  readonly record?: boolean;
  /** Keep the outputs of these nodes to the end, for whoever asks for them. */
  readonly keep?: ReadonlySet<NodeId>;
}

/** How it went; `results` holds the nodes of `keep` that ran or were cached. */
export interface Executed {
  readonly end: RunEnd;
  readonly results: ReadonlyMap<NodeId, NodeResult>;
}

/** After this many ms of work without a pause, timers and messages get their turn. */
const longestStretch = 15;

/** Executes a plan as a stream of events: cached results are shown again, a failing branch leaves the others running, an aborted signal ends it between two steps. */
export async function* execute(executor: Executor, execution: Execution): AsyncGenerator<LiveEvent, Executed, void> {
  const run = await prepare(executor, execution);
  yield { type: 'planned', nodes: run.tasks.map(({ id }) => ({ node: id, cached: !run.toRun.has(id) })) };
  for (const problem of execution.plan.problems) yield { type: 'problem', problem };
  for (const { node, reason } of execution.plan.skipped) yield { type: 'finished', node, outcome: 'skipped', ms: 0, reason };
  let failed = execution.plan.problems.length > 0;
  let paused = performance.now();
  try {
    for (const task of run.tasks) {
      execution.context.signal.throwIfAborted();
      failed = (yield* runTask(task, { executor, execution, run })) || failed;
      if (performance.now() - paused < longestStretch) continue;
      await new Promise(setImmediate);
      paused = performance.now();
    }
  } catch (thrown) {
    if (!execution.context.signal.aborted) throw thrown;
    return { end: 'cancelled', results: run.results };
  }
  return { end: failed ? 'failed' : 'done', results: run.results };
}

interface Run {
  readonly tasks: readonly Task[];
  readonly keys: ReadonlyMap<NodeId, string>;
  readonly toRun: ReadonlySet<NodeId>;
  readonly results: Map<NodeId, NodeResult>;
  /** How many tasks still read a node's outputs. */
  readonly readers: Map<NodeId, number>;
  /** Nodes that failed or hang on one, with the one that failed. */
  readonly broken: Map<NodeId, NodeId>;
  readonly outputNames: (node: NodeId) => readonly string[];
}

const suppliers = (task: Task): NodeId[] => Object.values(task.inputs).flatMap((input) => ('from' in input ? [input.from] : []));

/** Keys, what is cached, and what has to run: effects that write, and whatever an uncached result needs. */
async function prepare({ definitions, cache }: Executor, { plan, context, fresh, record, keep }: Execution): Promise<Run> {
  const { tasks } = plan;
  const keys = await keysOf(tasks, { definitions, context });
  const results = new Map<NodeId, NodeResult>();
  const readers = new Map<NodeId, number>();
  const toRun = new Set<NodeId>();
  const wanted = new Set<NodeId>(keep);
  for (const task of [...tasks].reverse()) {
    const effect = definitions.get(task.type)?.effect;
    const reads = (readers.get(task.id) ?? 0) > 0;
    const kept = fresh || effect === 'write' ? undefined : cache.get(keys.get(task.id) ?? '');
    const silent = record === true && kept?.last !== undefined && kept.frames === undefined;
    const cached = kept !== undefined && !silent && (await canBeShown(kept, context)) ? kept : undefined;
    if (cached !== undefined) results.set(task.id, cached);
    else if (effect !== undefined || reads || silent || wanted.has(task.id)) {
      toRun.add(task.id);
      for (const id of suppliers(task)) readers.set(id, (readers.get(id) ?? 0) + 1);
    }
  }
  const types = new Map(tasks.map(({ id, type }) => [id, Object.keys(definitions.get(type)?.outputs ?? {})]));
  return { tasks, keys, toRun, results, readers, broken: new Map(), outputNames: (node) => types.get(node) ?? [] };
}

/** What a node showed is shown again only while its files are there. */
async function canBeShown({ shown }: NodeResult, { images }: RunContext): Promise<boolean> {
  for (const content of shown) {
    if (content.kind !== 'images') continue;
    for (const file of content.files) if (!(await images.has(file))) return false;
  }
  return true;
}

interface Turn {
  readonly executor: Executor;
  readonly execution: Execution;
  readonly run: Run;
}

/** One task's turn; returns true if it failed. */
async function* runTask(task: Task, turn: Turn): AsyncGenerator<LiveEvent, boolean, void> {
  const { run } = turn;
  if (!run.toRun.has(task.id)) {
    yield* showCached(task, turn);
    return false;
  }
  const [cause] = suppliers(task).flatMap((id) => run.broken.get(id) ?? []);
  if (cause !== undefined) {
    run.broken.set(task.id, cause);
    yield { type: 'finished', node: task.id, outcome: 'skipped', ms: 0, reason: `Skipped: it needs node ${cause}, which failed.` };
    return false;
  }
  return yield* runFresh(task, turn);
}

async function* showCached(task: Task, { run: { results }, execution: { record } }: Turn): AsyncGenerator<LiveEvent, void, void> {
  const result = results.get(task.id);
  for (const content of result?.shown ?? []) yield { type: 'shown', node: task.id, content };
  const reason = result === undefined ? 'Not run: nothing that had to run needed it.' : 'Cached: nothing above it changed.';
  yield { type: 'finished', node: task.id, outcome: 'cached', ms: 0, reason, ...again(result, record) };
}

/** How a cached node's steps looked, for previews and recordings. */
function again(result: NodeResult | undefined, record: boolean | undefined): Pick<LiveEvent, 'last' | 'frames'> {
  const { last, frames } = result ?? {};
  return { ...(last === undefined ? {} : { last }), ...(record === true && frames !== undefined ? { frames } : {}) };
}

async function* runFresh(task: Task, { executor, execution, run }: Turn): AsyncGenerator<LiveEvent, boolean, void> {
  const definition = executor.definitions.get(task.type);
  if (definition === undefined) return false;
  const started = performance.now();
  const why = executor.reasons.explain(task, run.keys);
  const reason = execution.fresh
    ? 'Ran: without cache, as asked.'
    : definition.effect === 'write'
      ? 'Ran: it writes a file each time.'
      : why;
  yield { type: 'started', node: task.id };
  try {
    const result = yield* runNode(task, { definition, wiring: run, context: execution.context, record: execution.record === true });
    settle(task, result, { executor, execution, run });
    yield { type: 'finished', node: task.id, outcome: 'ran', ms: performance.now() - started, reason };
    return false;
  } catch (thrown) {
    if (execution.context.signal.aborted) throw thrown;
    const problem = problemOf(thrown, task.id);
    run.broken.set(task.id, task.id);
    yield { type: 'problem', problem };
    yield { type: 'finished', node: task.id, outcome: 'failed', ms: performance.now() - started, reason: problem.message };
    return true;
  }
}

/** Keeps a result for its readers and for later runs, and lets go of what nobody reads any more. */
function settle(task: Task, result: NodeResult, { executor, execution, run }: Turn): void {
  const key = run.keys.get(task.id);
  if (key !== undefined && executor.definitions.get(task.type)?.effect !== 'write') executor.cache.set(key, result);
  if ((run.readers.get(task.id) ?? 0) > 0 || execution.keep?.has(task.id)) run.results.set(task.id, result);
  for (const id of suppliers(task)) {
    const left = (run.readers.get(id) ?? 0) - 1;
    run.readers.set(id, left);
    if (left <= 0 && !execution.keep?.has(id)) run.results.delete(id);
  }
}
