import { html, nothing } from 'lit';
import { typesFit } from '../../../nodes/kit/index.ts';
import type { InputView, NodeView } from '../../graph-view.ts';
import { statusOf } from '../../run-state.ts';
import { type App, fieldsOf, labelOf } from '../app.ts';
import { field } from './field.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';

/** Outputs of other nodes that may feed an input. */
function sources(app: App, node: NodeView, input: InputView): readonly { value: string; text: string }[] {
  return app
    .nodes()
    .filter(({ id }) => id !== node.id)
    .flatMap((other) =>
      other.outputs.flatMap((output, index) =>
        typesFit(output.type, input.port.type)
          ? [{ value: `${other.id}:${index}`, text: other.outputs.length > 1 ? `${other.title} · ${labelOf(output)}` : other.title }]
          : [],
      ),
    );
}

function wire(app: App, node: NodeView, input: InputView) {
  const id = `wire-${node.id}-${input.port.name}`;
  const now = input.link ? `${input.link.node}:${input.link.output}` : '';
  const change = (event: Event): void => {
    const chosen = inputValue(event);
    const to = { node: node.id, input: input.port.name };
    if (chosen === '') {
      app.view.disconnect(to);
      return;
    }
    const colon = chosen.lastIndexOf(':');
    const problem = app.view.connect({ node: chosen.slice(0, colon), output: Number(chosen.slice(colon + 1)) }, to);
    if (problem) app.say(problem.message, 'error');
    app.set({});
  };
  return html`<div class="field wire"><label for=${id} title=${input.port.help}><i class="port ${input.port.type}"></i>${labelOf(input.port)}</label>
    <select id=${id} @change=${change}><option value="">${input.port.optional ? 'none' : 'missing'}</option>
      ${sources(app, node, input).map(({ value, text }) => html`<option value=${value} ?selected=${value === now}>${text}</option>`)}</select></div>`;
}

const outcome = (app: App, node: NodeView): string => (app.state.run && statusOf(app.state.run, node.id)?.state) ?? '';

function entry(app: App, node: NodeView) {
  const problem = app.state.problems.find(({ node: where }) => where === node.id);
  return html`<li class="node ${node.mode} ${problem ? 'wrong' : ''}"><details ?open=${problem !== undefined || app.state.selection.includes(node.id)}>
    <summary><b>${node.title}</b><small>${node.mode === 'always' ? outcome(app, node) : node.mode === 'mute' ? 'muted' : 'bypassed'}</small></summary>
    ${problem ? html`<p class="problem">${problem.message}</p>` : nothing}
    ${node.inputs.filter(({ port }) => port.widget === undefined).map((input) => wire(app, node, input))}
    ${fieldsOf(node).map((input) => field(app, { node, input, prefix: 'outline' }))}
    <div class="actions">
      <button @click=${() => app.view.setMode([node.id], node.mode === 'mute' ? 'always' : 'mute')}>${node.mode === 'mute' ? 'Unmute' : 'Mute'}</button>
      <button @click=${() => app.view.remove([node.id])}>${icon('trash')} Delete</button>
    </div></details></li>`;
}

/** The graph as a list of nodes in order, fields as form controls and wires as selects: the way to edit it by keyboard and screen reader, and on a phone. */
export function outline(app: App) {
  const add = (event: Event): void => {
    const type = inputValue(event);
    if (type === '') return;
    const [x, y] = app.view.centre();
    app.view.select([app.view.add(type, [x, y])], { reveal: true });
    app.set({});
  };
  return html`<ol class="outline" aria-label="Nodes in order">${app.nodes().map((node) => entry(app, node))}</ol>
    <label class="field">Add a node <select id="outline-add" .value=${''} @change=${add}><option value="">choose …</option>${[
      ...app.catalogue.values(),
    ].map(({ type, title }) => html`<option value=${type}>${title}</option>`)}</select></label>`;
}
