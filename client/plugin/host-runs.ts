import type { Problem } from '../../nodes/kit/index.ts';
import type { Marks } from '../canvas/marks.ts';
import type { Emitter } from '../emitter.ts';
import { hasEnded, type Run, statusOf } from '../run-state.ts';
import type { RunOptions, Runs } from '../runs.ts';
import type { DiffusionEvents } from './types.ts';

/** Runs of a host's graph, drawn into its nodes. */
export interface HostRuns {
  /** Sends a document; resolves with the end of the run, or with its last known state at `dispose`. */
  start(document: string, options: RunOptions): Promise<Run>;
  /** Tells and marks what keeps a graph from running, as a run that never began. */
  reject(problems: readonly Problem[]): Run;
  /** Tells and marks problems that belong to no run. */
  tell(problems: readonly Problem[]): void;
  dispose(): void;
}

/** Follows the last run that was started. */
export function createHostRuns(runs: Runs, marks: Marks, emitter: Emitter<DiffusionEvents>): HostRuns {
  const waiting = new Map<string, (run: Run) => void>();
  let current: string | undefined;
  let told: readonly Problem[] = [];
  const tell = (problems: readonly Problem[]): void => {
    marks.setProblems(problems);
    if (problems.length > 0 || told.length > 0) emitter.emit('problems', problems);
    told = problems;
  };
  const ends = [
    runs.on('node', ({ run, node, status }) => {
      if (run.id === current) marks.setStatus(node, status);
    }),
    runs.on('shown', ({ run, node, content }) => {
      if (run.id === current) void marks.setContent(node, content);
    }),
    runs.on('preview', ({ run, node, jpeg }) => {
      if (run.id === current) void marks.setPreview(node, jpeg);
    }),
    runs.on('run', (run) => {
      if (run.id !== current) return;
      if (run.problems.length !== told.length) tell(run.problems);
      emitter.emit('run', run);
    }),
    runs.on('ended', (run) => {
      if (run.id === current) {
        for (const node of run.nodes.keys()) marks.setStatus(node, statusOf(run, node));
        emitter.emit('ended', run);
      }
      waiting.get(run.id)?.(run);
      waiting.delete(run.id);
    }),
  ];
  return {
    tell,
    start(document, options) {
      marks.clearRun();
      tell([]);
      // The first event of a run comes before its id is known here.
      current = undefined;
      const id = runs.start(document, options);
      current = id;
      const begun = runs.get(id);
      if (begun !== undefined) emitter.emit('run', begun);
      return new Promise((resolve) => {
        if (begun !== undefined && hasEnded(begun)) resolve(begun);
        else waiting.set(id, resolve);
      });
    },
    reject(problems) {
      marks.clearRun();
      tell(problems);
      const run: Run = { id: '', state: 'rejected', safe: false, nodes: new Map(), outputs: [], problems, seq: 0 };
      emitter.emit('ended', run);
      return run;
    },
    dispose() {
      for (const end of ends) end();
      for (const [id, resolve] of waiting) {
        const run = runs.get(id);
        if (run !== undefined) resolve(run);
      }
      waiting.clear();
    },
  };
}
