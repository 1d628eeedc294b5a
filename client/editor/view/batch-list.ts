import { html, nothing } from 'lit';
import { type App, openDialog } from '../app.ts';
import { batchTitle, refreshBatches, resumeBatch, showBatch } from '../batches.ts';
import { emptyBatch } from '../new-batch.ts';
import { batchFacts } from './batch.ts';
import { icon } from './icons.ts';

/** Batches that are shown at once. */
const most = 12;

/** Batches of the server, newest first, under the queue. */
export function batchList(app: App) {
  const batches = app.state.batches.slice(0, most);
  return html`<h3 class="batches">Batches and sweeps</h3>
    <div class="queue-bar"><button id="new-batch" title="Run this workflow once for each row of a table, or for each of several pictures" @click=${() => openDialog(app, { kind: 'new-batch', wish: emptyBatch })}>${icon('plus')} New batch</button></div>
    ${batches.length === 0 ? html`<p class="empty">Run the workflow once for each row of a table, or mark fields with the grid sign and try every combination of their values.</p>` : nothing}
    <ul class="plain" aria-label="Batches">${batches.map(
      (batch) => html`<li class="job batch ${batch.state}" data-batch=${batch.id}>
        <button class="words" @click=${() => showBatch(app, batch.id)}><b>${batchTitle(batch)}</b><small>${batchFacts(batch)}</small></button>
        ${batch.state !== 'running' && batch.done < batch.total ? html`<button class="icon" title="Run what is missing or failed" @click=${() => void resumeBatch(app, batch.id).then(() => refreshBatches(app))}>${icon('play')}<span class="hidden">Resume ${batchTitle(batch)}</span></button>` : nothing}
      </li>`,
    )}</ul>`;
}
