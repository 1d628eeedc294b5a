import { type ImageFile, type Problem, toProblem } from '../../nodes/kit/index.ts';
import { isRecord, type JobState, jobStates, readGraph, toWorkflow } from '../../workflows/index.ts';
import { readProblems } from '../server-answers.ts';
import { type App, openDialog } from './app.ts';
import { openText } from './documents.ts';
import type { EndedJob, JobDetails, JobHistory } from './state.ts';

type Raw = Readonly<Record<string, unknown>>;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const list = (value: unknown): readonly Raw[] => (Array.isArray(value) ? value.filter(isRecord) : []);
const stateOf = (value: unknown): JobState => jobStates.find((state) => state === value) ?? 'failed';

const isImage = (raw: unknown): raw is ImageFile =>
  isRecord(raw) && typeof raw.folder === 'string' && typeof raw.name === 'string' && typeof raw.width === 'number';

function readEnded(raw: Raw): EndedJob {
  return {
    id: text(raw.id),
    title: text(raw.title),
    state: stateOf(raw.state),
    created: number(raw.created),
    ...(typeof raw.started === 'number' ? { started: raw.started } : {}),
    ...(typeof raw.ended === 'number' ? { ended: raw.ended } : {}),
    cached: raw.cached === true,
    files: list(raw.outputs).flatMap((output) => (Array.isArray(output.files) ? output.files.filter(isImage) : [])),
    problems: readProblems(raw.problems),
  };
}

const readHistory = (raw: unknown): Pick<JobHistory, 'jobs' | 'next'> =>
  isRecord(raw) ? { jobs: list(raw.jobs).map(readEnded), ...(typeof raw.next === 'string' ? { next: raw.next } : {}) } : { jobs: [] };

const say = (app: App, thrown: unknown): void => app.say(toProblem(thrown).message, 'error');

/** Jobs of one page of the history, and the most that are asked for at once. */
const page = 30;
const mostAtOnce = 200;

/** Asks for the newest part of the history, as long as what is shown of it. */
export async function showHistory(app: App): Promise<void> {
  const limit = Math.min(Math.max(page, app.state.past?.jobs.length ?? 0), mostAtOnce);
  await app.connection
    .get(`/v1/history?limit=${limit}`, readHistory)
    .then((past) => app.set({ past: { ...past, chosen: stillThere(past.jobs, app.state.past?.chosen) } }))
    .catch((thrown: unknown) => say(app, thrown));
}

const stillThere = (jobs: readonly EndedJob[], chosen: ReadonlySet<string> = new Set()): ReadonlySet<string> =>
  new Set(jobs.filter(({ id }) => chosen.has(id)).map(({ id }) => id));

/** Asks for the next part of the history. */
export async function moreHistory(app: App): Promise<void> {
  const { past } = app.state;
  if (past?.next === undefined) return;
  await app.connection
    .get(`/v1/history?limit=${page}&after=${encodeURIComponent(past.next)}`, readHistory)
    .then((more) => app.set({ past: { ...more, jobs: [...past.jobs, ...more.jobs], chosen: past.chosen } }))
    .catch((thrown: unknown) => say(app, thrown));
}

/** Runs jobs of the history again, the oldest first. */
export async function retryJobs(app: App, ids: readonly string[]): Promise<void> {
  try {
    for (const id of ids) await app.connection.post(`/v1/jobs/${encodeURIComponent(id)}/retry`, (raw) => raw);
    app.say(ids.length === 1 ? 'It is queued again.' : `${ids.length} jobs are queued again.`);
  } catch (thrown) {
    say(app, thrown);
  }
}

/** Takes jobs out of the history; their pictures stay. */
export async function deleteJobs(app: App, jobs: readonly string[]): Promise<void> {
  try {
    await app.connection.post('/v1/history/delete', (raw) => raw, { jobs });
    openDialog(app, undefined);
    await showHistory(app);
  } catch (thrown) {
    say(app, thrown);
  }
}

/** Opens the workflow of a job of the history, with every value as it was used. */
export async function openJob(app: App, { id, title }: Pick<EndedJob, 'id' | 'title'>): Promise<void> {
  try {
    const document = await app.connection.text(`/v1/history/${encodeURIComponent(id)}/workflow`);
    openDialog(app, undefined);
    openText(app, document, { foreign: false, undoable: true, name: title || id });
  } catch (thrown) {
    say(app, thrown);
  }
}

/** Nodes of a job's workflow by id: what they are called and which values they had. */
function nodesOf(app: App, document: string): ReadonlyMap<string, { title: string; values: readonly [string, string][] }> {
  const { nodes } = toWorkflow(readGraph(document, app.catalogue).graph, app.catalogue);
  return new Map(
    [...nodes].map(([id, { type, title, inputs }]) => [
      id,
      {
        title: title ?? app.catalogue.get(type)?.title ?? type,
        values: Object.entries(inputs).flatMap(([name, input]): [string, string][] =>
          'value' in input ? [[name, String(input.value)]] : [],
        ),
      },
    ]),
  );
}

/** All that is kept of a job, in the words of the page. */
async function detailsOf(app: App, id: string): Promise<JobDetails> {
  const path = `/v1/history/${encodeURIComponent(id)}`;
  const [whole, document] = await Promise.all([
    app.connection.get(path, (raw): Raw => (isRecord(raw) ? raw : {})),
    app.connection.text(`${path}/workflow`),
  ]);
  const known = nodesOf(app, document);
  const nodes = Object.entries(isRecord(whole.nodes) ? whole.nodes : {});
  return {
    job: readEnded(whole),
    values: [...known].flatMap(([node, { title, values }]) => values.map(([name, value]) => ({ node, title, name, value }))),
    nodes: nodes.flatMap(([node, status]) =>
      isRecord(status)
        ? [{ node, title: known.get(node)?.title ?? node, state: text(status.state), ms: number(status.ms), reason: text(status.reason) }]
        : [],
    ),
  };
}

/** Shows all that is kept of a job, beside another one if that is given. */
export async function showJob(app: App, id: string, against?: string): Promise<void> {
  try {
    const [job, other] = await Promise.all([detailsOf(app, id), against === undefined ? undefined : detailsOf(app, against)]);
    openDialog(app, { kind: 'job', job, ...(other === undefined ? {} : { against: other }) });
  } catch (thrown) {
    say(app, thrown);
  }
}

/** A problem with the name of its node. */
export const problemText = ({ message, node }: Problem, { nodes }: Pick<JobDetails, 'nodes'>): string => {
  const title = nodes.find((one) => one.node === node)?.title;
  return title === undefined || message.includes(title) ? message : `${title}: ${message}`;
};
