import { type Problem, toProblem } from '../../nodes/kit/index.ts';
import { rollSeeds, stringifyJson, summarise, toWorkflow, validate, writeGraph } from '../../workflows/index.ts';
import { randomSeed } from '../random-seed.ts';
import { hasEnded, statusOf } from '../run-state.ts';
import { type App, currentDocument, openDialog } from './app.ts';
import { isNothing, missingOf } from './missing.ts';
import { recordsSteps, showRecording } from './timeline.ts';

/** How to run. */
export interface RunRequest {
  readonly targets?: readonly string[];
  readonly fresh?: boolean;
  /** The sheet of a foreign workflow was read. */
  readonly approved?: boolean;
}

/** Is something of this page running or waiting? */
export const isBusy = (app: App): boolean => app.state.run !== undefined && !hasEnded(app.state.run);

/** Rolls the seeds that are to change, so that what is shown is what runs. */
function roll(app: App): void {
  const before = currentDocument(app);
  const after = rollSeeds(before, app.catalogue, randomSeed);
  after.nodes.forEach((node, i) => {
    for (const [name, value] of Object.entries(node.properties)) {
      const old = before.nodes[i]?.properties[name];
      if (stringifyJson(value) === stringifyJson(old)) continue;
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

/** After a change: what is wrong no longer is shown no longer, and nothing of a document that is gone. */
export function forgetMended(app: App): void {
  const known = app.state.problems;
  if (known.length === 0) return;
  const left = problemsOf(app).filter((problem) => known.some((other) => samePlace(problem, other)));
  if (stringifyJson(left) !== stringifyJson(known)) showProblems(app, left);
}

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

/** Checks the graph and sends it; problems are shown on their nodes and nothing is sent. */
export function startRun(app: App, request: RunRequest = {}): void {
  const { targets, fresh, approved } = request;
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
    app.view.clearRun();
    showProblems(app, problems);
    if (lacks) openDialog(app, { kind: 'missing' });
    if (problems.length > 0) {
      // What an earlier run did is of no use any more.
      app.set({ runsLeft: 0, ...(isBusy(app) ? {} : { run: undefined }) });
      return;
    }
    roll(app);
    const record = recordsSteps(app);
    const id = app.runs.start(writeGraph(currentDocument(app)), { ...(targets ? { targets } : {}), ...(fresh ? { fresh } : {}), record });
    sessionStorage.setItem(lastRunKey, id);
    app.set({ foreign: false, run: app.runs.get(id) });
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
  }
}

/** Runs several times, one after the other. */
export function startRuns(app: App, count: number): void {
  const rolls = app.nodes().some(({ seedControl }) => seedControl !== undefined && seedControl !== 'fixed');
  if (!rolls) app.say('Every seed is fixed, so all these runs give the same picture. Set a seed to “random” for different ones.');
  app.set({ runsLeft: count - 1 });
  startRun(app);
}

/** Cancels what runs and what was to follow. */
export function cancelRun(app: App): void {
  app.set({ runsLeft: 0 });
  for (const { id } of app.runs.active()) app.runs.cancel(id);
}

const lastRunKey = 'litegraph-diffusion.run';

/** Goes on showing the run that this tab had started before it was loaded anew, if it is among those that have not ended. */
export function resumeRun(app: App, unfinished: readonly { readonly id: string }[]): void {
  const id = sessionStorage.getItem(lastRunKey);
  if (id !== null && app.runs.get(id) === undefined && unfinished.some((job) => job.id === id)) app.runs.follow(id);
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
      if (known === undefined || hasEnded(known) || known.id === run.id) app.set({ run });
      if (run.id === app.state.run?.id && run.problems.length !== app.state.problems.length) showProblems(app, run.problems);
    }),
    runs.on('ended', (run) => {
      if (run.id === app.state.run?.id) for (const node of run.nodes.keys()) view.setStatus(node, statusOf(run, node));
      if ((run.state === 'failed' || run.state === 'rejected') && run.problems.length === 0) app.say('The run failed.', 'error');
      if (run.state === 'done' && run.id === app.state.run?.id) void showRecording(app, run).catch(() => undefined);
      if (run.state === 'done' && app.state.runsLeft > 0) {
        app.set({ runsLeft: app.state.runsLeft - 1 });
        startRun(app);
      }
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
