import { html, nothing } from 'lit';
import { categories, type NodeSpec } from '../../../nodes/kit/index.ts';
import type { App } from '../app.ts';
import { refreshBatches } from '../batches.ts';
import { openTemplate } from '../documents.ts';
import { refreshQueue } from '../jobs.ts';
import { refreshModels } from '../models.ts';
import { findNodes, shelves } from '../node-search.ts';
import { showHistory } from '../past-jobs.ts';
import type { Panel } from '../state.ts';
import { historyPanel } from './history.ts';
import { type IconName, icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { modelsPanel } from './models.ts';
import { queuePanel } from './queue.ts';

const entries: readonly { panel: Panel; label: string; icon: IconName }[] = [
  { panel: 'nodes', label: 'Nodes', icon: 'blocks' },
  { panel: 'templates', label: 'Templates', icon: 'grid' },
  { panel: 'models', label: 'Models', icon: 'box' },
  { panel: 'queue', label: 'Queue', icon: 'list' },
  { panel: 'history', label: 'History', icon: 'clock' },
];

/** The strip at the left; each entry opens a panel. */
export function rail(app: App) {
  const waiting = app.state.jobs.size;
  return html`<nav class="rail" aria-label="Panels">
    ${entries.map(
      ({ panel, label, icon: name }) => html`<button
        aria-pressed=${app.state.panel === panel}
        id="rail-${panel}"
        @click=${() => openPanel(app, app.state.panel === panel ? undefined : panel)}
      >${icon(name)}<span>${label}${panel === 'queue' && waiting > 0 ? ` · ${waiting}` : ''}</span></button>`,
    )}
  </nav>`;
}

function openPanel(app: App, panel: Panel | undefined): void {
  app.set({ panel, query: '' });
  if (panel === 'models') void refreshModels(app);
  if (panel === 'queue') refreshQueue(app);
  if (panel === 'queue') void refreshBatches(app);
  if (panel === 'history' || panel === 'queue') void showHistory(app);
}

function addAtCentre(app: App, type: string): void {
  const [x, y] = app.view.centre();
  const id = app.view.add(type, [x - 100, y - 60]);
  app.view.select([id], { reveal: true });
}

const nodeEntry = (app: App, spec: NodeSpec) => html`<li>
  <button class="entry" draggable="true" title=${spec.help}
    @dragstart=${(event: DragEvent) => event.dataTransfer?.setData('application/x-diffusion-node', spec.type)}
    @click=${() => addAtCentre(app, spec.type)}
  ><i class="swatch ${spec.category}"></i><span><b>${spec.title}</b><small>${spec.help}</small></span></button>
</li>`;

function library(app: App) {
  const found = findNodes(app.state.query, [...app.catalogue.values()]);
  const groups = app.state.query.trim() === '' ? categories : ['found' as const];
  return html`<label class="search">${icon('search')}<span class="hidden">Search nodes</span>
      <input type="search" placeholder="Search nodes" .value=${app.state.query} @input=${(event: InputEvent) => app.set({ query: inputValue(event) })} /></label>
    ${groups.map((group) => {
      const list = group === 'found' ? found : found.filter(({ category }) => category === group);
      if (list.length === 0)
        return group === 'found' ? html`<p class="empty">No node is called like that, or is for that. Try another word.</p>` : nothing;
      return html`${group === 'found' ? nothing : html`<h3>${shelves[group]}</h3>`}<ul class="plain">${list.map((spec) => nodeEntry(app, spec))}</ul>`;
    })}
    <p class="hint">Click to add in the middle, or drag to a place.</p>`;
}

function templates(app: App) {
  const groups = [...new Set(app.state.templates.map(({ group }) => group))];
  if (groups.length === 0) return html`<p class="empty">Templates will appear here when the server is reached.</p>`;
  return groups.map(
    (group) => html`${group === '' ? nothing : html`<h3>${group}</h3>`}
      <ul class="plain">${app.state.templates
        .filter((template) => template.group === group)
        .map(
          ({ id, title, description }) =>
            html`<li><button class="entry" data-template=${id} @click=${async () => {
              if (await openTemplate(app, id)) app.set(app.state.phone ? { panel: undefined, sheet: 'prompt' } : {});
            }}><span><b>${title}</b><small>${description}</small></span></button></li>`,
        )}</ul>`,
  );
}

const titles: Readonly<Record<Panel, string>> = {
  nodes: 'Nodes',
  templates: 'Templates',
  models: 'Models',
  queue: 'Queue',
  history: 'History',
};

const contents: Readonly<Record<Panel, (app: App) => unknown>> = {
  nodes: library,
  templates,
  models: modelsPanel,
  queue: queuePanel,
  history: historyPanel,
};

/** The open panel beside the rail. */
export function leftPanel(app: App) {
  const { panel } = app.state;
  if (panel === undefined) return nothing;
  return html`<aside class="left-panel" aria-label=${titles[panel]}>
    <h2>${titles[panel]}<button class="icon" title="Close" @click=${() => app.set({ panel: undefined })}>${icon('close')}<span class="hidden">Close</span></button></h2>
    ${contents[panel](app)}
  </aside>`;
}
