import { html, nothing } from 'lit';
import { type Category, categories, type NodeSpec } from '../../../nodes/kit/index.ts';
import type { App } from '../app.ts';
import { openTemplate } from '../documents.ts';
import { fuzzyFilter } from '../fuzzy.ts';
import type { Panel } from '../state.ts';
import { type IconName, icon } from './icons.ts';

const entries: readonly { panel: Panel; label: string; icon: IconName }[] = [
  { panel: 'nodes', label: 'Nodes', icon: 'blocks' },
  { panel: 'templates', label: 'Templates', icon: 'grid' },
  { panel: 'queue', label: 'Queue', icon: 'list' },
];

/** The strip at the left; each entry opens a panel. */
export function rail(app: App) {
  const waiting = app.state.jobs.size;
  return html`<nav class="rail" aria-label="Panels">
    ${entries.map(
      ({ panel, label, icon: name }) => html`<button
        aria-pressed=${app.state.panel === panel}
        id="rail-${panel}"
        @click=${() => app.set({ panel: app.state.panel === panel ? undefined : panel, query: '' })}
      >${icon(name)}<span>${label}${panel === 'queue' && waiting > 0 ? ` · ${waiting}` : ''}</span></button>`,
    )}
  </nav>`;
}

const shelves: Readonly<Record<Category, string>> = {
  model: 'Model',
  text: 'Text',
  schedule: 'Schedule',
  sample: 'Sampling',
  latent: 'Latent',
  vae: 'VAE',
  image: 'Image',
  mask: 'Mask',
  graph: 'Graph',
};

/** What the library finds a node by. */
export const searchTexts = ({ title, type, category }: NodeSpec): readonly string[] => [title, type, shelves[category]];

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
  const found = fuzzyFilter(app.state.query, [...app.catalogue.values()], searchTexts);
  const groups = app.state.query.trim() === '' ? categories : ['found' as const];
  return html`<label class="search">${icon('search')}<span class="hidden">Search nodes</span>
      <input type="search" placeholder="Search nodes" .value=${app.state.query} @input=${(event: InputEvent) => app.set({ query: inputValue(event) })} /></label>
    ${groups.map((group) => {
      const list = group === 'found' ? found : found.filter(({ category }) => category === group);
      if (list.length === 0) return group === 'found' ? html`<p class="empty">No node is called like that.</p>` : nothing;
      return html`${group === 'found' ? nothing : html`<h3>${shelves[group]}</h3>`}<ul class="plain">${list.map((spec) => nodeEntry(app, spec))}</ul>`;
    })}
    <p class="hint">Click to add in the middle, or drag to a place.</p>`;
}

/** The text of an input event. */
export const inputValue = ({ target }: Event): string =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement ? target.value : '';

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

const jobWords = {
  queued: 'waiting',
  paused: 'paused',
  running: 'running',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
} as const;

function queue(app: App) {
  const jobs = [...app.state.jobs.values()];
  if (jobs.length === 0)
    return html`<p class="empty">Nothing runs or waits. Press Run, and the job will appear here until it has ended.</p>`;
  return html`<ul class="plain">${jobs.map(
    ({ id, state, position }) => html`<li class="job"><span><b>${id === app.state.run?.id ? 'This workflow' : `Job ${id.slice(0, 8)}`}</b>
      <small>${jobWords[state]}${state === 'queued' && position !== undefined ? `, number ${position}` : ''}</small></span>
      <button @click=${() => app.runs.cancel(id)}>Cancel</button></li>`,
  )}</ul>`;
}

const titles: Readonly<Record<Panel, string>> = { nodes: 'Nodes', templates: 'Templates', queue: 'Queue' };

/** The open panel beside the rail. */
export function leftPanel(app: App) {
  const { panel } = app.state;
  if (panel === undefined) return nothing;
  const content = panel === 'nodes' ? library(app) : panel === 'templates' ? templates(app) : queue(app);
  return html`<aside class="left-panel" aria-label=${titles[panel]}>
    <h2>${titles[panel]}<button class="icon" title="Close" @click=${() => app.set({ panel: undefined })}>${icon('close')}<span class="hidden">Close</span></button></h2>
    ${content}
  </aside>`;
}
