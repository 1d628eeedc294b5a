import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import type { NodeView } from '../../graph-view.ts';
import { statusOf } from '../../run-state.ts';
import { type App, changeAbout, fieldsOf, markedFields, nodeById } from '../app.ts';
import { sweepForm } from './axis.ts';
import { field } from './field.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { groupForm, severalForm } from './selection-forms.ts';

const shownMs = (ms: number): string =>
  ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** Figures of this run of a node. */
function runFacts(app: App, node: NodeView) {
  const { run } = app.state;
  const status = run && statusOf(run, node.id);
  if (run === undefined || status === undefined) return nothing;
  const facts = [
    ...(run.now?.node === node.id && run.now.sigma !== undefined ? [`σ ${run.now.sigma.toFixed(2)}`] : []),
    ...(status.step ? [`step ${status.step.index} / ${status.step.total}`] : []),
    ...(status.ms !== undefined ? [shownMs(status.ms)] : []),
    ...(status.ms !== undefined && status.step && status.step.index > 0 ? [`${shownMs(status.ms / status.step.index)} a step`] : []),
    ...(run.now?.node === node.id && run.now.left !== undefined ? [`${shownMs(run.now.left)} left`] : []),
  ];
  return html`<section class="facts" aria-label="This run"><h3>This run</h3><p>${facts.join(' · ') || status.state}</p>${status.reason ? html`<p>${status.reason}</p>` : nothing}</section>`;
}

function wires(app: App, node: NodeView) {
  const wired = node.inputs.filter(({ port }) => port.widget === undefined);
  if (wired.length === 0) return nothing;
  return html`<section class="wires"><h3>Wires in</h3><ul class="plain">${wired.map(({ port, link }) => {
    const from = link && nodeById(app, link.node);
    return html`<li title=${port.help}><i class="port ${port.type}"></i><span>${port.label ?? port.name}</span>
      ${from ? html`<button class="text" @click=${() => app.view.select([from.id], { reveal: true })}>${from.title}</button>` : html`<em>${port.optional ? 'none' : 'missing'}</em>`}</li>`;
  })}</ul></section>`;
}

function nodeForm(app: App, node: NodeView) {
  const spec = app.catalogue.get(node.type.replace(/^diffusion\//, ''));
  const problem = app.state.problems.find(({ node: where, port }) => where === node.id && port === undefined);
  return html`<button class="text back" title="The form of the whole workflow (Escape)" @click=${() => app.view.select([])}>‹ ${app.state.name}</button>
    <h2><input class="title" aria-label="Title of the node" .value=${live(node.title)} @change=${(event: Event) => app.view.setTitle(node.id, inputValue(event))} /></h2>
    <p class="help">${node.known ? spec?.help : `There is no node of type “${node.type}” here. It keeps its place, wires and values; install what defines it to run it.`}</p>
    ${problem ? html`<p class="problem">${problem.message}</p>` : nothing}
    ${fieldsOf(node).map((input) => field(app, { node, input, prefix: 'side' }))}
    ${wires(app, node)} ${runFacts(app, node)}`;
}

/** The workflow's notes and its marked fields. */
export function workflowForm(app: App, prefix: string) {
  const { extra, name } = app.state;
  const notes = typeof extra.notes === 'string' ? extra.notes : '';
  const fields = markedFields(app);
  return html`<h2>${name}</h2>
    ${fields.length === 0 ? html`<p class="empty">Fields that you mark with a pin appear here as a simple form.</p>` : fields.map((place) => field(app, { ...place, prefix, plain: true }))}
    ${sweepForm(app, prefix)}
    <section class="notes"><h3><label for="${prefix}-notes">Notes</label></h3>
      <textarea id="${prefix}-notes" rows="8" placeholder="What is this workflow for? What should one look at?" .value=${live(notes)}
        @change=${(event: Event) => changeAbout(app, { notes: inputValue(event) }, 'Change the notes')}></textarea>
    </section>`;
}

/** The right panel: the selected node, or the workflow. */
export function inspector(app: App) {
  const { inspector: open, selection, group } = app.state;
  const toggle = html`<button class="icon collapse" title=${open ? 'Hide this panel' : 'Show the panel'} aria-expanded=${open} @click=${() => {
    app.set({ inspector: !open });
    requestAnimationFrame(() => app.view.resize());
  }}>${icon('panel')}<span class="hidden">${open ? 'Hide this panel' : 'Show the panel'}</span></button>`;
  if (!open) return html`<aside class="inspector closed" aria-label="Properties">${toggle}</aside>`;
  const [only] = selection;
  const node = selection.length === 1 && only !== undefined ? nodeById(app, only) : undefined;
  return html`<aside class="inspector" aria-label="Properties">${toggle}
    ${group !== undefined ? groupForm(app, group) : node ? nodeForm(app, node) : selection.length > 1 ? severalForm(app) : workflowForm(app, 'form')}
  </aside>`;
}
