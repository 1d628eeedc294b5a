import { type Problem, toProblem } from '../../nodes/kit/index.ts';
import { rollSeeds, sizedFields, stringifyJson, summarise, toWorkflow, validate, writeGraph } from '../../workflows/index.ts';
import type { HeldFields } from '../held-port.ts';
import { randomSeed } from '../random-seed.ts';
import { hasEnded, type Run, statusOf } from '../run-state.ts';
import { type App, currentDocument, openDialog } from './app.ts';
import { isNothing, missingOf } from './missing.ts';
import { recordsSteps, showRecording } from './timeline.ts';

/** How to run. */
export interface RunRequest {
  readonly targets?: readonly string[];
  readonly fresh?: boolean;
  /** How often; all of them are queued at once, so that closing the page loses none. */
  readonly count?: number;
  /** The sheet of a foreign workflow was read. */
  readonly approved?: boolean;
  /** What to do with the checked graph in place of a run. */
  readonly instead?: () => void;
}

/** Is something of this page running or waiting? */
export const isBusy = (app: App): boolean => app.state.run !== undefined && !hasEnded(app.state.run);

/** Rolls the seeds that are to change, so that what is shown is what runs; those in `except`, as `node.field`, stay. */
export function rollSeedsNow(app: App, except: ReadonlySet<string> = new Set()): void {
  const before = currentDocument(app);
  const after = rollSeeds(before, app.catalogue, randomSeed);
  after.nodes.forEach((node, i) => {
    for (const [name, value] of Object.entries(node.properties)) {
      const old = before.nodes[i]?.properties[name];
      if (stringifyJson(value) === stringifyJson(old) || except.has(`${node.id}.${name}`)) continue;
      if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
        app.view.setValue(String(node.id), name, value);
    }
  });
}

/** Marks problems on their nodes; the status line names the first. Those that belong to no node are said aloud. */
export function showProblems(app: App, problems: readonly Problem[]): void {
  const known = app.state.problems;
  app.view.setProblems(problems);
  app.set({ problems });
  const aloud = problems.find(({ node, message }) => node === undefined && !known.some((other) => other.message === message));
  if (aloud) app.say(aloud.message, 'error');
}

/**
 * After a change of document or lists: what is wrong no longer is shown no longer, and nothing of a document that is gone. A size that
 * the model does not take is shown at once, and the fields of sizes go from one that it takes to the next.
 */
export function judgeChange(app: App): void {
  const known = app.state.problems;
  const held = heldNow(app);
  app.view.setHeld(held);
  if (held.size > 0 || app.state.held.size > 0) app.set({ held });
  if (known.length === 0 && held.size === 0) return;
  const left = problemsOf(app).filter((problem) => isOfSize(problem) || known.some((other) => samePlace(problem, other)));
  if (stringifyJson(left) !== stringifyJson(known)) showProblems(app, left);
}

function heldNow(app: App): HeldFields {
  try {
    const fields = sizedFields(() => toWorkflow(currentDocument(app), app.catalogue), app.catalogue);
    return new Map(fields.map((field) => [`${field.node}.${field.port}`, field]));
  } catch {
    // What cannot be read is said on Run.
    return new Map();
  }
}

const isOfSize = ({ code, port }: Problem): boolean => code === 'size-mismatch' && port !== undefined;

const samePlace = (a: Problem, b: Problem): boolean => a.node === b.node && a.port === b.port && a.code === b.code;

/** Everything that stands in the way of a run. */
export function problemsOf(app: App): readonly Problem[] {
  try {
    return validate(toWorkflow(currentDocument(app), app.catalogue), app.catalogue, {});
  } catch (thrown) {
    return [toProblem(thrown)];
  }
}

const knownFiles = (app: App) => {
  const options = (source: string): readonly string[] =>
    [...app.catalogue.values()].flatMap(({ inputs }) =>
      inputs.flatMap(({ widget }) => (widget?.kind === 'choice' && widget.source === source ? widget.options : [])),
    );
  return { checkpoints: options('checkpoints'), inputImages: options('input-images') };
};

/** Rolls the seeds and sends the graph; the page goes on showing a run that has not ended. */
function send(app: App, choices: Pick<RunRequest, 'targets' | 'fresh'>): void {
  rollSeedsNow(app);
  const busy = isBusy(app);
  const id = app.runs.start(writeGraph(currentDocument(app)), { ...choices, record: recordsSteps(app) });
  own(app, [id]);
  if (!busy) app.set({ run: app.runs.get(id) });
}

const ownRunsKey = 'litegraph-diffusion.runs';

/** Own runs that are remembered over a reload. */
const mostOwn = 200;

/** Notes runs as this page's own; the tab knows them again after it was loaded anew. */
function own(app: App, ids: readonly string[]): void {
  const mine = [...app.state.mine, ...ids].slice(-mostOwn);
  app.set({ mine: new Set(mine) });
  sessionStorage.setItem(ownRunsKey, JSON.stringify(mine));
}

function rememberedRuns(): readonly string[] {
  const kept: unknown = JSON.parse(sessionStorage.getItem(ownRunsKey) ?? '[]');
  return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
}

/** Runs of this page that have not ended. */
export const ownRuns = (app: App): readonly Run[] => app.runs.active().filter(({ id }) => app.state.mine.has(id));

/** Checks the graph and sends it; problems are shown on their nodes and nothing is sent. */
export function startRun(app: App, request: RunRequest = {}): void {
  const { targets, fresh, approved, instead, count = 1 } = request;
  app.set({ runMenu: false, menu: undefined });
  try {
    const workflow = toWorkflow(currentDocument(app), app.catalogue);
    const problems = validate(workflow, app.catalogue, targets ? { targets } : {});
    const lacks = !isNothing(missingOf(app, problems));
    if (app.state.foreign && approved !== true && !lacks) {
      const go = (): void => startRun(app, { ...request, approved: true });
      openDialog(app, { kind: 'foreign', summary: summarise(workflow, app.catalogue, knownFiles(app)), go });
      return;
    }
    if (!isBusy(app)) app.view.clearRun();
    showProblems(app, problems);
    if (lacks) openDialog(app, { kind: 'missing' });
    if (problems.length > 0) {
      // What an earlier run did is of no use any more.
      if (!isBusy(app)) app.set({ run: undefined });
      return;
    }
    if (instead !== undefined) instead();
    else for (let i = 0; i < count; i++) send(app, { ...(targets ? { targets } : {}), ...(fresh ? { fresh } : {}) });
    app.set({ foreign: false });
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
  }
}

/** Queues several runs. */
export function startRuns(app: App, count: number): void {
  const rolls = app.nodes().some(({ seedControl }) => seedControl !== undefined && seedControl !== 'fixed');
  if (!rolls) app.say('Every seed is fixed, so all these runs give the same picture. Set a seed to “random” for different ones.');
  startRun(app, { count });
}

/** Cancels what runs and what was to follow. */
export function cancelRun(app: App): void {
  for (const { id } of ownRuns(app)) app.runs.cancel(id);
}

/** Goes on showing the runs that this tab had started before it was loaded anew, as far as they have not ended. */
export function resumeRun(app: App, unfinished: readonly { readonly id: string }[]): void {
  const before = new Set(rememberedRuns());
  const ids = unfinished.map(({ id }) => id).filter((id) => before.has(id) && app.runs.get(id) === undefined);
  if (ids.length === 0) return;
  own(app, ids);
  for (const id of ids) app.runs.follow(id);
}

/** Draws what the runs of this page tell. Gives back the end of it. */
export function followRuns(app: App, refreshPictures: () => void): () => void {
  const { runs, view } = app;
  const ends = [
    runs.on('node', ({ run, node, status }) => {
      if (run.id === app.state.run?.id) view.setStatus(node, status);
    }),
    runs.on('shown', ({ run, node, content }) => {
      if (run.id === app.state.run?.id) view.setContent(node, content);
      if (content.kind === 'images' && content.files.some(({ folder }) => folder === 'output')) refreshPictures();
    }),
    runs.on('preview', ({ run, node, jpeg }) => {
      if (run.id === app.state.run?.id) view.setPreview(node, jpeg);
    }),
    runs.on('run', (run) => {
      const known = app.state.run;
      const next = known === undefined || (hasEnded(known) && !hasEnded(run));
      const shows = known?.id === run.id || (next && app.state.mine.has(run.id));
      if (shows && known !== undefined && known.id !== run.id) view.clearRun();
      // Others are followed while the queue is shown.
      app.set(shows ? { run } : {});
      if (run.id === app.state.run?.id && run.problems.length !== app.state.problems.length) showProblems(app, run.problems);
    }),
    runs.on('ended', (run) => {
      if (run.id === app.state.run?.id) for (const node of run.nodes.keys()) view.setStatus(node, statusOf(run, node));
      if ((run.state === 'failed' || run.state === 'rejected') && run.problems.length === 0 && app.state.mine.has(run.id))
        app.say('The run failed.', 'error');
      if (run.state === 'done' && run.id === app.state.run?.id) void showRecording(app, run).catch(() => undefined);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
