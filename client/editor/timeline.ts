import type { RecordedNode } from '../../workflows/index.ts';
import { isRecord } from '../../workflows/index.ts';
import type { Run } from '../run-state.ts';
import type { App } from './app.ts';

/** What was recorded of a run. */
export interface RecordedRun {
  readonly id: string;
  readonly nodes: readonly RecordedNode[];
}

/** The recorded steps under the gallery: the newest run and the one before it, none if nothing was recorded, and where the slider stands. */
export interface Timeline {
  readonly runs: readonly RecordedRun[];
  readonly node: string;
  /** Which of the kept steps, from 0. */
  readonly at: number;
  readonly open: boolean;
  readonly compared: boolean;
}

/** A kept step. */
export type RecordedStep = RecordedNode['steps'][number];

const isStep = (raw: unknown): raw is RecordedStep =>
  isRecord(raw) && typeof raw.index === 'number' && (raw.sigma === undefined || typeof raw.sigma === 'number');

const isNode = (raw: unknown): raw is RecordedNode =>
  isRecord(raw) &&
  typeof raw.node === 'string' &&
  typeof raw.total === 'number' &&
  typeof raw.width === 'number' &&
  typeof raw.height === 'number' &&
  Array.isArray(raw.steps) &&
  raw.steps.length > 0 &&
  raw.steps.every(isStep);

/** The step with the same noise, as near as there is; by its share of the way where noise levels are not known. */
export function sameNoise(steps: readonly RecordedStep[], like: RecordedStep, share: number): RecordedStep | undefined {
  const { sigma } = like;
  if (sigma === undefined) return steps[Math.round(share * (steps.length - 1))];
  const distance = (step: RecordedStep): number => Math.abs(Math.log(step.sigma ?? Number.POSITIVE_INFINITY) - Math.log(sigma));
  return steps.reduce<RecordedStep | undefined>(
    (best, step) => (best === undefined || distance(step) < distance(best) ? step : best),
    undefined,
  );
}

/** A timeline without a run. */
export const emptyTimeline = (open: boolean): Timeline => ({ runs: [], node: '', at: 0, open, compared: false });

/**
 * Is the next run to be recorded? That takes time and memory, so it is done only for those who look at the timeline, for workflows that ask
 * for it (`extra.record`: lessons do), or as the menu of Run says.
 */
export const recordsSteps = ({ state }: App): boolean => state.record ?? (state.timeline?.open === true || state.extra.record === true);

/** Puts a recorded run first; without steps the timeline is empty. of those before it one is kept. The slider stands at the end, at the node it stood at. */
export function withRun(before: Timeline | undefined, run: RecordedRun): Timeline | undefined {
  const [first] = run.nodes;
  if (first === undefined) return before === undefined ? undefined : emptyTimeline(before.open);
  const node = run.nodes.find((one) => one.node === before?.node) ?? first;
  const runs = [run, ...(before?.runs ?? []).filter(({ id }) => id !== run.id)].slice(0, 2);
  const compared = before?.compared === true && runs.length > 1;
  return { runs, node: node.node, at: node.steps.length - 1, open: before?.open ?? false, compared };
}

/** Nodes of a job that have recorded steps. */
export const recordedNodes = (app: App, job: string): Promise<readonly RecordedNode[]> =>
  app.connection.get(`/v1/jobs/${encodeURIComponent(job)}/steps`, (raw) =>
    isRecord(raw) && Array.isArray(raw.nodes) ? raw.nodes.filter(isNode) : [],
  );

/** Asks what was recorded of a run that has ended. */
export async function showRecording(app: App, run: Run): Promise<void> {
  const nodes = await recordedNodes(app, run.id);
  app.set({ timeline: withRun(app.state.timeline, { id: run.id, nodes }) });
}

/** The address of one step: three pictures beside each other. */
export const stepUrl = (run: RecordedRun, node: string, step: RecordedStep): string =>
  `/v1/jobs/${encodeURIComponent(run.id)}/steps/${encodeURIComponent(node)}/${step.index}`;
