import { html } from 'lit';
import type { App } from '../app.ts';
import type { Sheet } from '../state.ts';
import { gallery } from './gallery.ts';
import { workflowForm } from './inspector.ts';
import { outline } from './outline.ts';
import { timeline } from './timeline.ts';
import { runButtons } from './top-bar.ts';

const tabs: readonly { sheet: Sheet; label: string }[] = [
  { sheet: 'prompt', label: 'Prompt' },
  { sheet: 'outline', label: 'Outline' },
  { sheet: 'results', label: 'Results' },
];

/** The bottom sheet of a phone: a tab again closes it, so that the canvas is whole. */
export function phoneSheet(app: App) {
  const { sheet } = app.state;
  const content =
    sheet === 'prompt'
      ? workflowForm(app, 'sheet')
      : sheet === 'outline'
        ? outline(app)
        : sheet === 'results'
          ? html`${timeline(app)}${gallery(app)}`
          : '';
  return html`<section class="sheet ${sheet ?? 'closed'}" aria-label="Workflow">
    <div class="sheet-bar"><div role="tablist" aria-label="Views">${tabs.map(
      (tab) =>
        html`<button role="tab" id="tab-${tab.sheet}" aria-selected=${sheet === tab.sheet} @click=${() => app.set({ sheet: sheet === tab.sheet ? undefined : tab.sheet, panel: undefined })}>${tab.label}</button>`,
    )}</div>${runButtons(app)}</div>
    <div class="sheet-body" role="tabpanel">${content}</div>
  </section>`;
}
