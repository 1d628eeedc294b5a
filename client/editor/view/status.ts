import { html, nothing } from 'lit';
import { hasEnded, type Run } from '../../run-state.ts';
import { type App, nodeById } from '../app.ts';
import { batchTitle, showBatch } from '../batches.ts';
import { isBusy, ownRuns } from '../running.ts';
import { batchFacts } from './batch.ts';

const clock = (at: number): string => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s left`;

/** What is to be known of a run beside its progress: that it runs again, and that it is not stored yet. */
const doubts = ({ safe, reason }: Run) =>
  html`${reason === undefined ? nothing : html`<span class="again">${reason}</span>`}${safe ? nothing : html`<span class="unsafe" title="If the server ended now, this run would be lost. It is being stored.">not yet safe</span>`}`;

function activity(app: App) {
  const { run } = app.state;
  const more = ownRuns(app).length - 1;
  if (run === undefined || hasEnded(run))
    return html`<span>${run?.state === 'done' ? 'Done.' : run?.state === 'cancelled' ? 'Cancelled.' : 'Ready.'}</span>`;
  if (run.state === 'queued' || run.state === 'sent')
    return html`<span>${app.state.queue.paused ? 'Waiting: the queue is held' : 'Waiting'}${run.position && run.position > 1 ? `, number ${run.position}` : ''} …</span> ${doubts(run)}`;
  const node = run.now && nodeById(app, run.now.node);
  const step = run.now && run.nodes.get(run.now.node)?.step;
  return html`<span>running <b>${node?.title ?? '…'}</b></span>
    ${step ? html`<progress max=${step.total} value=${step.index} aria-label="Progress"></progress><span>step ${step.index} of ${step.total}</span>` : nothing}
    ${run.now?.left !== undefined ? html`<span>${seconds(run.now.left)}</span>` : nothing}
    ${more > 0 ? html`<span>${more} more to come</span>` : nothing} ${doubts(run)}`;
}

function lastProblem(app: App) {
  const [first] = app.state.problems;
  if (first === undefined) return nothing;
  const node = first.node === undefined ? undefined : nodeById(app, first.node);
  return html`<button class="text problem" @click=${() => node && app.view.select([node.id], { reveal: true })}>${node && !first.message.includes(node.title) ? `${node.title}: ` : ''}${first.message}</button>
    ${app.state.problems.length > 1 ? html`<span class="more">and ${app.state.problems.length - 1} more</span>` : nothing}`;
}

/** A batch that runs, with the way to its sheet. */
function batchLine(app: App) {
  const { batch } = app.state;
  if (batch?.state !== 'running') return nothing;
  return html`<button class="text" id="batch-line" title="Show its pictures" @click=${() => showBatch(app, batch.id)}>${batchTitle(batch)}: ${batchFacts(batch)}</button>`;
}

/** What runs now, what went wrong, what is saved. */
export function statusLine(app: App) {
  const { savedAt, problems } = app.state;
  const busy = isBusy(app);
  return html`<footer class="status ${busy || problems.length > 0 ? 'telling' : ''}"><i class="dot ${busy ? 'open' : ''}"></i>
    <div class="activity" role="status">${activity(app)}</div>${lastProblem(app)}
    ${batchLine(app)}<span class="space"></span>
    <span>${savedAt === undefined ? '' : `saved ${clock(savedAt)} · `}undo ${app.history.undos} · ${app.nodes().length} nodes</span></footer>`;
}
