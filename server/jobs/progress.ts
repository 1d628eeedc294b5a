import type { Problem } from '../../nodes/kit/index.ts';
import type { RunManifest } from '../../workflows/index.ts';
import { isFinal, type JobEvent, type JobOutput, type JobSnapshot, type JobState, type NodeStatus } from '../../workflows/protocol.ts';

/** Where a job stands, folded from its events one by one. Node ids come from documents, hence a Map and no object. */
export interface Progress {
  readonly id: string;
  readonly title?: string;
  readonly created: number;
  safe: boolean;
  readonly nodes: Map<string, NodeStatus>;
  readonly outputs: JobOutput[];
  readonly problems: Problem[];
  manifest?: RunManifest;
  state: JobState;
  started?: number;
  ended?: number;
  position?: number;
  /** Why it runs again. */
  reason?: string;
  seq: number;
}

/** How a job begins to be followed; `seq` is where its numbers go on from. */
export interface Beginning {
  readonly title: string;
  readonly created: number;
  readonly safe: boolean;
  readonly seq: number;
}

/** A job of which nothing has been heard. */
export function newProgress(id: string, { title, created, safe, seq }: Beginning): Progress {
  return { id, ...(title === '' ? {} : { title }), created, safe, nodes: new Map(), outputs: [], problems: [], state: 'queued', seq };
}

/** The same, to be advanced without changing this one. */
export const copyOf = (progress: Progress): Progress => ({
  ...progress,
  nodes: new Map(progress.nodes),
  outputs: [...progress.outputs],
  problems: [...progress.problems],
});

/** A run that begins anew: nothing of the former one counts. */
function startOver(progress: Progress): void {
  progress.nodes.clear();
  progress.outputs.length = 0;
  progress.problems.length = 0;
  delete progress.started;
  delete progress.manifest;
}

function setState(progress: Progress, event: Extract<JobEvent, { type: 'state' }>): void {
  if (progress.state === 'running' && !isFinal(event.state)) startOver(progress);
  progress.state = event.state;
  delete progress.position;
  if (event.position !== undefined) progress.position = event.position;
  if (event.reason !== undefined) progress.reason = event.reason;
  if (event.state === 'running') progress.started = event.at;
  if (!isFinal(event.state)) return;
  progress.ended = event.at;
  for (const [node, status] of progress.nodes) {
    if (status.state !== 'running' && status.state !== 'waiting') continue;
    const { step: _, ...rest } = status;
    progress.nodes.set(node, { ...rest, state: 'skipped', reason: 'The job ended before this node was done.' });
  }
}

/** What an event says of its node, besides what was known. */
function statusOf(progress: Progress, event: Extract<JobEvent, { node: string }>): NodeStatus {
  const state = progress.nodes.get(event.node)?.state ?? 'running';
  switch (event.type) {
    case 'started':
      return { state: 'running' };
    case 'step':
      return { state, step: { index: event.index, total: event.total } };
    case 'shown':
      return { state, content: event.content };
    case 'finished':
      return { state: event.outcome, ms: event.ms, reason: event.reason };
  }
}

/** Takes one event in. */
export function advance(progress: Progress, event: JobEvent): void {
  const { nodes } = progress;
  progress.seq = event.seq;
  if (event.type === 'state') setState(progress, event);
  else if (event.type === 'problem') progress.problems.push(event.problem);
  else if (event.type === 'manifest') progress.manifest = event.manifest;
  else if (event.type === 'planned') for (const { node } of event.nodes) nodes.set(node, { state: 'waiting' });
  else nodes.set(event.node, { ...nodes.get(event.node), ...statusOf(progress, event) });
  if (event.type !== 'shown' || event.content.kind !== 'images') return;
  const files = event.content.files.filter(({ folder }) => folder !== 'input');
  if (files.length > 0) progress.outputs.push({ node: event.node, files });
}

/** The same as plain data that later events do not change. */
export function snapshotOf(progress: Progress): JobSnapshot {
  return {
    ...progress,
    nodes: Object.fromEntries(progress.nodes),
    outputs: [...progress.outputs],
    problems: [...progress.problems],
  };
}
