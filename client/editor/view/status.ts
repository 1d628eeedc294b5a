import { html, nothing } from 'lit';
import { hasEnded } from '../../run-state.ts';
import { type App, nodeById } from '../app.ts';
import { isBusy } from '../running.ts';

const clock = (at: number): string => new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s left`;

function activity(app: App) {
  const { run, runsLeft } = app.state;
  if (run === undefined || hasEnded(run))
    return html`<span>${run?.state === 'done' ? 'Done.' : run?.state === 'cancelled' ? 'Cancelled.' : 'Ready.'}</span>`;
  if (run.state === 'queued' || run.state === 'sent')
    return html`<span>Waiting${run.position && run.position > 1 ? `, number ${run.position}` : ''} …</span>`;
  const node = run.now && nodeById(app, run.now.node);
  const step = run.now && run.nodes.get(run.now.node)?.step;
  return html`<span>running <b>${node?.title ?? '…'}</b></span>
    ${step ? html`<progress max=${step.total} value=${step.index} aria-label="Progress"></progress><span>step ${step.index} of ${step.total}</span>` : nothing}
    ${run.now?.left !== undefined ? html`<span>${seconds(run.now.left)}</span>` : nothing}
    ${runsLeft > 0 ? html`<span>${runsLeft} more to come</span>` : nothing}`;
}

function lastProblem(app: App) {
  const [first] = app.state.problems;
  if (first === undefined) return nothing;
  const node = first.node === undefined ? undefined : nodeById(app, first.node);
  return html`<button class="text problem" @click=${() => node && app.view.select([node.id], { reveal: true })}>${node && !first.message.includes(node.title) ? `${node.title}: ` : ''}${first.message}</button>
    ${app.state.problems.length > 1 ? html`<span class="more">and ${app.state.problems.length - 1} more</span>` : nothing}`;
}

/** What runs now, what went wrong, what is saved. */
export function statusLine(app: App) {
  const { savedAt, problems } = app.state;
  const busy = isBusy(app);
  return html`<footer class="status ${busy || problems.length > 0 ? 'telling' : ''}"><i class="dot ${busy ? 'open' : ''}"></i>
    <div class="activity" role="status">${activity(app)}</div>${lastProblem(app)}
    <span class="space"></span>
    <span>${savedAt === undefined ? '' : `saved ${clock(savedAt)} · `}undo ${app.history.undos} · ${app.nodes().length} nodes</span></footer>`;
}
