import { html } from 'lit';
import type { App } from '../app.ts';
import { refreshBatches } from '../batches.ts';
import { refreshQueue } from '../jobs.ts';
import { showHistory } from '../past-jobs.ts';
import type { Sheet } from '../state.ts';
import { gallery } from './gallery.ts';
import { historyPanel } from './history.ts';
import { workflowForm } from './inspector.ts';
import { outline } from './outline.ts';
import { queuePanel } from './queue.ts';
import { timeline } from './timeline.ts';
import { runButtons } from './top-bar.ts';

const tabs: readonly { sheet: Sheet; label: string }[] = [
  { sheet: 'prompt', label: 'Prompt' },
  { sheet: 'outline', label: 'Outline' },
  { sheet: 'results', label: 'Results' },
  { sheet: 'queue', label: 'Queue' },
];

const contents: Readonly<Record<Sheet, (app: App) => unknown>> = {
  prompt: (app) => workflowForm(app, 'sheet'),
  outline,
  results: (app) => html`${timeline(app)}${gallery(app)}`,
  queue: (app) => html`${queuePanel(app)}<h2>History</h2>${historyPanel(app)}`,
};

function openSheet(app: App, sheet: Sheet | undefined): void {
  app.set({ sheet, panel: undefined });
  if (sheet !== 'queue') return;
  refreshQueue(app);
  void refreshBatches(app);
  void showHistory(app);
}

/** The bottom sheet of a phone: a tab again closes it, so that the canvas is whole. */
export function phoneSheet(app: App) {
  const { sheet } = app.state;
  const content = sheet === undefined ? '' : contents[sheet](app);
  return html`<section class="sheet ${sheet ?? 'closed'}" aria-label="Workflow">
    <div class="sheet-bar"><div role="tablist" aria-label="Views">${tabs.map(
      (tab) =>
        html`<button role="tab" id="tab-${tab.sheet}" aria-selected=${sheet === tab.sheet} @click=${() => openSheet(app, sheet === tab.sheet ? undefined : tab.sheet)}>${tab.label}</button>`,
    )}</div>${runButtons(app)}</div>
    <div class="sheet-body" role="tabpanel">${content}</div>
  </section>`;
}
