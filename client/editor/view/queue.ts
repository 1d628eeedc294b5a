import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Run } from '../../run-state.ts';
import { type App, nodeById } from '../app.ts';
import { cancelJobs, chooseJob, holdJobs, holdQueue, moveJobs, prioritiseJobs } from '../jobs.ts';
import type { Queue, QueuedJob } from '../state.ts';
import { batchList } from './batch-list.ts';
import { endedLately } from './history.ts';
import { icon } from './icons.ts';
import { jobTitle, secondsText } from './job-words.ts';
import { dragging, handleKey, handleTouch } from './reorder.ts';

const checked = ({ target }: Event): boolean => target instanceof HTMLInputElement && target.checked;

function waitingRow(app: App, job: QueuedJob, index: number) {
  const { id, paused, priority, ranBefore } = job;
  const title = jobTitle(job);
  const facts = [paused ? 'paused' : `number ${index + 1}`, ...(priority === 0 ? [] : [`priority ${priority}`])];
  const drag = dragging(app, id);
  return html`<li class="job ${paused ? 'held' : ''}" data-job=${id} draggable="true"
    @dragstart=${drag.start} @dragover=${drag.over} @dragleave=${drag.leave} @drop=${drag.drop}>
    <button class="icon handle" title="Drag to another place, or use the arrow keys, Home and End" @keydown=${(event: KeyboardEvent) => handleKey(app, id, event)}
      @pointerdown=${(event: PointerEvent) => handleTouch(app, id, event)}>${icon('grip')}<span class="hidden">Move ${title}, number ${index + 1}: arrow keys</span></button>
    <label class="choose"><input type="checkbox" .checked=${app.state.queue.chosen.has(id)} @change=${(event: Event) => chooseJob(app, id, checked(event))} />
      <span class="words"><b title=${title}>${title}</b><small>${facts.join(' · ')}</small>${ranBefore ? html`<small>was interrupted, runs again</small>` : nothing}</span></label>
    ${index === 0 ? nothing : html`<button class="icon" title="Run next" @click=${() => moveJobs(app, [id], 'first')}>${icon('first')}<span class="hidden">Run ${title} next</span></button>`}
    <button class="icon" title=${paused ? 'Resume' : 'Pause'} @click=${() => holdJobs(app, [id], !paused)}>${icon(paused ? 'play' : 'hold')}<span class="hidden">${paused ? 'Resume' : 'Pause'} ${title}</span></button>
    <button class="icon" title="Cancel" @click=${() => cancelJobs(app, [id])}>${icon('close')}<span class="hidden">Cancel ${title}</span></button>
  </li>`;
}

/** How far a run is: nodes that are done, and the part of the one that runs. */
function progressOf(run: Run): { readonly done: number; readonly total: number; readonly facts: readonly string[] } {
  const states = [...run.nodes.values()];
  const done = states.filter(({ state }) => state !== 'waiting' && state !== 'running').length;
  const step = run.now && run.nodes.get(run.now.node)?.step;
  const part = step === undefined || step.total === 0 ? 0 : step.index / step.total;
  const facts = [
    ...(states.length === 0 ? [] : [`node ${Math.min(done + 1, states.length)} of ${states.length}`]),
    ...(step === undefined ? [] : [`step ${step.index} of ${step.total}`]),
    ...(run.now?.left === undefined ? [] : [`${secondsText(run.now.left)} left`]),
  ];
  return { done: done + part, total: states.length, facts };
}

function runningRow(app: App, job: Queue['running'][number]) {
  const run = app.runs.get(job.id);
  const { done, total, facts } = run === undefined ? { done: 0, total: 0, facts: [] } : progressOf(run);
  const title = jobTitle(job);
  const now = run?.now !== undefined && app.state.run?.id === job.id ? nodeById(app, run.now.node)?.title : undefined;
  const safe = job.safe || run?.safe === true;
  return html`<li class="job now" data-job=${job.id}>
    <span class="words"><b title=${title}>${title}</b><small>running${now === undefined ? '' : `: ${now}`}</small>
      ${total === 0 ? nothing : html`<progress max=${total} value=${done} aria-label="Progress of ${title}"></progress>`}
      ${facts.length === 0 ? nothing : html`<small>${facts.join(' · ')}</small>`}
      ${job.reason === '' ? nothing : html`<small class="again">${job.reason}</small>`}
      ${safe ? nothing : html`<small class="unsafe">not yet safe: it is being stored</small>`}</span>
    <button class="icon" title="Cancel" @click=${() => cancelJobs(app, [job.id])}>${icon('close')}<span class="hidden">Cancel ${title}</span></button></li>`;
}

/** What can be done with several at once. */
function chosenBar(app: App) {
  const chosen = app.state.queue.waiting.filter(({ id }) => app.state.queue.chosen.has(id));
  const [first] = chosen;
  if (first === undefined) return nothing;
  const jobs = chosen.map(({ id }) => id);
  const held = chosen.every(({ paused }) => paused);
  const same = chosen.every(({ priority }) => priority === first.priority);
  const setPriority = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement && target.value !== '' && target.reportValidity())
      prioritiseJobs(app, jobs, target.valueAsNumber);
  };
  return html`<div class="chosen" role="group" aria-label="Chosen jobs"><span>${jobs.length} chosen</span>
    <label title="Higher ones run first; 0 is usual">Priority <input type="number" min="-100" max="100" step="1" .value=${same ? String(first.priority) : ''} @change=${setPriority} /></label>
    <div class="choices"><button @click=${() => moveJobs(app, jobs, 'first')}>Run next</button>
    <button @click=${() => moveJobs(app, jobs, 'last')}>Last</button>
    <button @click=${() => holdJobs(app, jobs, !held)}>${held ? 'Resume' : 'Pause'}</button>
    <button @click=${() => cancelJobs(app, jobs)}>Cancel</button></div></div>`;
}

function waitingList(app: App) {
  const { running, waiting } = app.state.queue;
  if (waiting.length > 0)
    return html`<ol class="plain" aria-label="Waiting">${repeat(
      waiting,
      ({ id }) => id,
      (job, index) => waitingRow(app, job, index),
    )}</ol>`;
  if (running.length > 0) return nothing;
  return html`<p class="empty">Nothing runs or waits. Press Run, and the job will appear here until it has ended. Closing the page cancels nothing.</p>`;
}

/** What runs and waits on the server, whoever sent it, and what ended last. */
export function queuePanel(app: App) {
  const { queue } = app.state;
  const { paused, running, waiting } = queue;
  const all = waiting.length > 0 && waiting.every(({ id }) => queue.chosen.has(id));
  const chooseAll = (): void => app.set({ queue: { ...queue, chosen: new Set(all ? [] : waiting.map(({ id }) => id)) } });
  return html`<div class="queue-bar">
      <button id="hold-queue" aria-pressed=${paused} @click=${() => holdQueue(app, !paused)}>${icon(paused ? 'play' : 'hold')} ${paused ? 'Resume queue' : 'Pause queue'}</button>
      ${waiting.length > 1 ? html`<button class="text" @click=${chooseAll}>${all ? 'Choose none' : 'Choose all'}</button>` : nothing}
    </div>
    ${paused ? html`<p class="note" role="status">The queue is paused: what runs goes on, nothing new starts until you resume it.</p>` : nothing}
    ${chosenBar(app)}
    ${running.length === 0 ? nothing : html`<ul class="plain" aria-label="Running">${running.map((job) => runningRow(app, job))}</ul>`}
    ${waitingList(app)}
    <p class="hidden" role="status">${queue.told}</p>
    ${endedLately(app)} ${batchList(app)}`;
}
