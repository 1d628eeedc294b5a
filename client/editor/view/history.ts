import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { type App, openDialog } from '../app.ts';
import { withChoice } from '../jobs.ts';
import { deleteJobs, moreHistory, openJob, retryJobs, showJob } from '../past-jobs.ts';
import type { EndedJob, JobHistory } from '../state.ts';
import { pictureUrl } from './gallery.ts';
import { icon } from './icons.ts';
import { factsOf, jobTitle } from './job-words.ts';

/** A picture may have been deleted since. */
const hide = ({ target }: Event): void => {
  if (target instanceof HTMLElement) target.hidden = true;
};

function thumbnail(app: App, job: EndedJob) {
  const [file] = job.files;
  if (file === undefined) return html`<i class="no-picture" aria-hidden="true"></i>`;
  const picture = { ...file, modified: 0 };
  return html`<button class="thumb small" title="Show ${file.name}" @click=${() => openDialog(app, { kind: 'picture', picture })}>
    <img src=${pictureUrl(app, picture, 96)} alt="Picture of ${jobTitle(job)}" loading="lazy" @error=${hide} /></button>`;
}

const why = ({ problems: [first] }: EndedJob) =>
  first === undefined ? nothing : html`<small class="why" title=${first.message}>${first.message}</small>`;

const words = (app: App, job: EndedJob) =>
  html`<button class="text words" title="Values, times and errors" @click=${() => void showJob(app, job.id)}><b>${jobTitle(job)}</b><small>${factsOf(job)}</small>${why(job)}</button>`;

const again = (app: App, job: EndedJob) =>
  html`<button class="icon" title=${job.state === 'done' ? 'Run again' : 'Retry'} @click=${() => void retryJobs(app, [job.id])}>${icon('reset')}<span class="hidden">${job.state === 'done' ? `Run ${jobTitle(job)} again` : `Retry ${jobTitle(job)}`}</span></button>`;

function row(app: App, job: EndedJob, past: JobHistory) {
  const choose = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement) app.set({ past: { ...past, chosen: withChoice(past.chosen, job.id, target.checked) } });
  };
  return html`<li class="job past ${job.state}" data-job=${job.id}>
    <input type="checkbox" aria-label="Choose ${jobTitle(job)}" .checked=${past.chosen.has(job.id)} @change=${choose} />
    ${thumbnail(app, job)} ${words(app, job)}
    <button class="icon" title="Open the workflow with the values that were used" @click=${() => void openJob(app, job)}>${icon('blocks')}<span class="hidden">Open the workflow of ${jobTitle(job)}</span></button>
    ${again(app, job)}
  </li>`;
}

/** What can be done with several at once. */
function chosenBar(app: App, { jobs, chosen }: JobHistory) {
  // Shown newest first; run again as they were run.
  const ids = jobs.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const [one, other] = ids;
  if (one === undefined) return nothing;
  return html`<div class="chosen" role="group" aria-label="Chosen jobs"><span>${ids.length} chosen</span>
    <div class="choices">${other === undefined || ids.length > 2 ? nothing : html`<button @click=${() => void showJob(app, one, other)}>Compare</button>`}
    <button @click=${() => void retryJobs(app, ids.toReversed())}>Run again</button>
    <button @click=${() => void deleteJobs(app, ids)}>Delete</button></div></div>`;
}

/** Jobs that have ended, newest first. */
export function historyPanel(app: App) {
  const { past } = app.state;
  if (past === undefined) return html`<p class="empty">Reading the history …</p>`;
  if (past.jobs.length === 0) return html`<p class="empty">Jobs that have ended will appear here, with their pictures and values.</p>`;
  return html`${chosenBar(app, past)}<ul class="plain history" aria-label="Ended jobs">${repeat(
    past.jobs,
    ({ id }) => id,
    (job) => row(app, job, past),
  )}</ul>
    ${past.next === undefined ? nothing : html`<button class="more" @click=${() => void moreHistory(app)}>Show older ones</button>`}`;
}

/** Ended jobs that the queue shows. */
const lately = 5;

/** The jobs that ended last, under the queue. */
export function endedLately(app: App) {
  const jobs = app.state.past?.jobs.slice(0, lately) ?? [];
  if (jobs.length === 0 || app.state.phone) return nothing;
  return html`<h3>Ended</h3><ul class="plain" aria-label="Ended lately">${jobs.map(
    (job) => html`<li class="job lately ${job.state}" data-job=${job.id}>${words(app, job)}${again(app, job)}</li>`,
  )}</ul>`;
}
