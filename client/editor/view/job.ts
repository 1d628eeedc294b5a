import { html, nothing } from 'lit';
import { type App, openDialog } from '../app.ts';
import { deleteJobs, openJob, problemText, retryJobs, showJob } from '../past-jobs.ts';
import type { Dialog, EndedJob, JobDetails } from '../state.ts';
import { pictureUrl } from './gallery.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { clockText, factsOf, jobTitle, secondsText } from './job-words.ts';
import { comparison } from './viewer.ts';

type Shown = Extract<Dialog, { kind: 'job' }>;

const pictureOf = ({ job }: JobDetails) => job.files.map((file) => ({ ...file, modified: 0 }))[0];

function pictures(app: App, { job, against }: Shown) {
  const [one, other] = [pictureOf(job), against && pictureOf(against)];
  if (one === undefined) return nothing;
  if (other !== undefined) return comparison(app, one, other);
  return html`<div class="stage">${job.job.files.map(
    (file) => html`<img src=${pictureUrl(app, { ...file, modified: 0 })} alt=${file.name} />`,
  )}</div>`;
}

function values({ job, against }: Shown) {
  if (against === undefined)
    return html`<table><tbody>${job.values.map(({ title, name, value }) => html`<tr><th scope="row">${title} · ${name}</th><td>${value}</td></tr>`)}</tbody></table>`;
  const keyOf = ({ node, name }: { node: string; name: string }): string => `${node}.${name}`;
  const [here, there] = [job, against].map((one) => new Map(one.values.map((entry) => [keyOf(entry), entry])));
  const keys = [...new Set([...(here?.keys() ?? []), ...(there?.keys() ?? [])])];
  const different = keys.filter((key) => here?.get(key)?.value !== there?.get(key)?.value);
  if (different.length === 0) return html`<p class="help">All values are the same.</p>`;
  return html`<table><thead><tr><td></td><th scope="col">This one</th><th scope="col">The other</th></tr></thead><tbody>${different.map(
    (key) => {
      const entry = here?.get(key) ?? there?.get(key);
      return html`<tr><th scope="row">${entry?.title} · ${entry?.name}</th><td>${here?.get(key)?.value ?? '—'}</td><td>${there?.get(key)?.value ?? '—'}</td></tr>`;
    },
  )}</tbody></table>`;
}

const timeOf = ({ state, ms }: JobDetails['nodes'][number]): string => (state === 'ran' || state === 'failed' ? secondsText(ms) : state);

function times({ job, against }: Shown) {
  const other = new Map(against?.nodes.map((node) => [node.node, timeOf(node)]));
  return html`<table><tbody>${job.nodes.map(
    (
      node,
    ) => html`<tr title=${node.reason}><th scope="row">${node.title}</th><td>${node.state === 'failed' ? 'failed, ' : ''}${timeOf(node)}</td>
      ${against === undefined ? nothing : html`<td>${other.get(node.node) ?? '—'}</td>`}</tr>`,
  )}</tbody></table>`;
}

const optionText = (job: EndedJob): string => `${jobTitle(job)}, ${clockText(job.ended ?? job.created)}`;

/** All that is kept of an ended job: pictures, error, values, times, and what can be done with it. */
export function jobDialog(app: App, dialog: Shown) {
  const { job: details, against } = dialog;
  const { job } = details;
  const title = jobTitle(job);
  const others = (app.state.past?.jobs ?? []).filter(({ id }) => id !== job.id);
  const retry = (): void => {
    openDialog(app, undefined);
    void retryJobs(app, [job.id]);
  };
  return html`<div class="box viewer job-box" role="dialog" aria-modal="true" aria-label=${title}>
    <h2>${title} <small>${factsOf(job)}</small>
      <button autofocus class="icon" title="Close" @click=${() => openDialog(app, undefined)}>${icon('close')}<span class="hidden">Close</span></button></h2>
    ${job.problems.map((problem) => html`<p class="problem">${problemText(problem, details)}</p>`)}
    ${pictures(app, dialog)}
    <div class="actions">
      <button @click=${() => void openJob(app, job)}>${icon('blocks')} Open workflow</button>
      <button @click=${retry}>${icon('reset')} ${job.state === 'done' ? 'Run again' : 'Retry'}</button>
      <button title="Its pictures stay" @click=${() => void deleteJobs(app, [job.id])}>${icon('close')} Delete</button>
      <label class="inline">Compare with <select @change=${(event: Event) => void showJob(app, job.id, inputValue(event) || undefined)}><option value="">nothing</option>${others.map(
        (other) => html`<option value=${other.id} ?selected=${other.id === against?.job.id}>${optionText(other)}</option>`,
      )}</select></label>
    </div>
    <details open><summary>${against === undefined ? 'Values used' : 'Values that differ'}</summary>${values(dialog)}</details>
    ${details.nodes.length === 0 ? nothing : html`<details ?open=${against === undefined}><summary>Times of the nodes</summary>${times(dialog)}</details>`}
  </div>`;
}
