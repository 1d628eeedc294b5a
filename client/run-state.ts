import type { Problem } from '../nodes/kit/index.ts';
import { isFinal, type JobEvent, type JobOutput, type JobSnapshot, type JobState, type NodeStatus } from '../workflows/protocol.ts';
import type { NodeId } from '../workflows/types.ts';

/** One run as far as it is known here. `sent` waits for the server's answer, `rejected` never became a job. */
export interface Run {
  readonly id: string;
  readonly state: JobState | 'sent' | 'rejected';
  /** False until the server has stored it. */
  readonly safe: boolean;
  /** Why it runs again, where it was interrupted. */
  readonly reason?: string;
  /** Counts from 1 while queued. */
  readonly position?: number;
  /** ms since 1970, on the server's clock. */
  readonly started?: number;
  readonly ended?: number;
  readonly nodes: ReadonlyMap<NodeId, NodeStatus>;
  /** What is running now, with the estimated ms that are left of it. */
  readonly now?: { readonly node: NodeId; readonly left?: number; readonly sigma?: number };
  readonly outputs: readonly JobOutput[];
  readonly problems: readonly Problem[];
  /** Sequence number of the newest event that is contained. */
  readonly seq: number;
}

/** A run that has just been sent. */
export const newRun = (id: string): Run => ({ id, state: 'sent', safe: false, nodes: new Map(), outputs: [], problems: [], seq: 0 });

/** Has it come to its end? */
export const hasEnded = ({ state }: Run): boolean => state === 'rejected' || (state !== 'sent' && isFinal(state));

/** Where a node stands; nothing if the run ended before the node did. */
export function statusOf(run: Run, node: NodeId): NodeStatus | undefined {
  const status = run.nodes.get(node);
  return hasEnded(run) && (status?.state === 'waiting' || status?.state === 'running') ? undefined : status;
}

/** The server's present state of a job; what it says replaces everything known before. */
export function fromSnapshot(job: JobSnapshot): Run {
  const { id, state, safe, reason, position, started, ended, outputs, problems, seq } = job;
  const nodes = new Map(Object.entries(job.nodes));
  const running = [...nodes].find(([, status]) => status.state === 'running')?.[0];
  return {
    id,
    state,
    safe,
    ...(reason === undefined ? {} : { reason }),
    ...(position === undefined ? {} : { position }),
    ...(started === undefined ? {} : { started }),
    ...(ended === undefined ? {} : { ended }),
    nodes,
    ...(running === undefined || isFinal(state) ? {} : { now: { node: running } }),
    outputs,
    problems,
    seq,
  };
}

/** The run after an event, and the node whose status changed by it. Events that are contained already change nothing. */
export function applyEvent(run: Run, event: JobEvent): { readonly run: Run; readonly nodes: readonly NodeId[] } {
  if (event.seq <= run.seq) return { run, nodes: [] };
  const next = { ...run, seq: event.seq };
  switch (event.type) {
    case 'state':
      return { run: withState(next, event), nodes: [] };
    case 'planned':
      return planned(next, event.nodes);
    case 'started':
      return withStatus({ ...next, now: { node: event.node } }, event.node, { state: 'running' });
    case 'step':
      return stepped(next, event);
    case 'shown':
      return shown(next, event);
    case 'finished':
      return finished(next, event);
    case 'manifest':
      return { run: next, nodes: [] };
    case 'problem':
      return { run: { ...next, problems: [...run.problems, event.problem] }, nodes: [] };
  }
}

type Change = { readonly run: Run; readonly nodes: readonly NodeId[] };
type EventOf<T extends JobEvent['type']> = Extract<JobEvent, { type: T }>;

function withState(run: Run, { state, at, position, reason }: EventOf<'state'>): Run {
  const { position: _before, now, ...rest } = run;
  const times = state === 'running' ? { started: at } : isFinal(state) ? { ended: at } : {};
  const kept = now === undefined || isFinal(state) ? {} : { now };
  const safe = run.safe || isFinal(state);
  return {
    ...rest,
    state,
    safe,
    ...(reason === undefined ? {} : { reason }),
    ...times,
    ...kept,
    ...(position === undefined ? {} : { position }),
  };
}

function planned(run: Run, plan: EventOf<'planned'>['nodes']): Change {
  const nodes = new Map(run.nodes);
  for (const { node } of plan) nodes.set(node, { state: 'waiting' });
  return { run: { ...run, nodes }, nodes: plan.map(({ node }) => node) };
}

function withStatus(run: Run, node: NodeId, status: NodeStatus): Change {
  return { run: { ...run, nodes: new Map(run.nodes).set(node, status) }, nodes: [node] };
}

function stepped(run: Run, { node, index, total, sigma, left }: EventOf<'step'>): Change {
  const now = { node, ...(left === undefined ? {} : { left }), ...(sigma === undefined ? {} : { sigma }) };
  const before = run.nodes.get(node);
  return withStatus({ ...run, now }, node, { ...before, state: 'running', step: { index, total } });
}

function shown(run: Run, { node, content }: EventOf<'shown'>): Change {
  const outputs =
    content.kind === 'images' ? [...run.outputs.filter((output) => output.node !== node), { node, files: content.files }] : run.outputs;
  return withStatus({ ...run, outputs }, node, { ...(run.nodes.get(node) ?? { state: 'running' }), content });
}

function finished(run: Run, { node, outcome, ms, reason }: EventOf<'finished'>): Change {
  const { now, ...rest } = run;
  const kept = now === undefined || now.node === node ? {} : { now };
  const content = run.nodes.get(node)?.content;
  const status = { state: outcome, ms, reason, ...(content === undefined ? {} : { content }) };
  return withStatus({ ...rest, ...kept }, node, status);
}
