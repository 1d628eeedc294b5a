import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import type { InputView, NodeView } from '../../graph-view.ts';
import { type App, labelOf } from '../app.ts';
import { axesOf, axisOf, axisTitle, fieldOf, type SweepAxis, setAxisValues, sweepSize, toggleAxis, valuesText } from '../axes.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';

/** The button that makes a field an axis of the sweep. */
export function axisButton(app: App, node: NodeView, input: InputView) {
  const is = axisOf(app, node.id, input.port.name) !== undefined;
  const title = is ? 'Take out of the sweep' : 'Try several values: a sweep';
  return html`<button class="icon" aria-pressed=${is} title=${title} @click=${() => toggleAxis(app, node, input)}>${icon('grid')}<span class="hidden">${is ? `Take ${labelOf(input.port)} out of the sweep` : `Try several values of ${labelOf(input.port)}`}</span></button>`;
}

/** Longer lists are typed. */
const few = 300;

/** Boxes for the choices of a list. */
function choices(app: App, axis: SweepAxis, options: readonly string[]) {
  const chosen = new Set(axis.values);
  const toggle = (option: string): void => {
    const now = options.filter((other) => (other === option ? !chosen.has(other) : chosen.has(other)));
    setAxisValues(app, fieldOf(axis), valuesText(now));
  };
  return html`<div class="choices" role="group" aria-label="Values of ${axisTitle(axis)}">${options.map(
    (option) =>
      html`<label><input type="checkbox" .checked=${live(chosen.has(option))} @change=${() => toggle(option)} />${option}</label>`,
  )}</div>`;
}

function typed(app: App, axis: SweepAxis, id: string) {
  return html`<label for=${id}>Values of the sweep</label>
    <input id=${id} type="text" autocomplete="off" spellcheck="false" placeholder="1..8:1 or 1, 4, 7" .value=${live(axis.text)}
      aria-describedby="${id}-says" @change=${(event: Event) => setAxisValues(app, fieldOf(axis), inputValue(event))} />`;
}

const words = ({ values }: SweepAxis): string =>
  values.length > 12 ? `${values.length} values: ${values.slice(0, 10).join(', ')} …` : `${values.length} values: ${values.join(', ')}`;

/** The values of a field that is an axis; nothing for any other. */
export function axisEditor(
  app: App,
  { node, input, prefix }: { readonly node: NodeView; readonly input: InputView; readonly prefix: string },
) {
  const axis = axisOf(app, node.id, input.port.name);
  if (axis === undefined) return nothing;
  const { widget } = input.port;
  const id = `${prefix}-axis-${node.id}-${input.port.name}`;
  const listed = widget?.kind === 'choice' && widget.options.length <= few;
  return html`<div class="axis" data-axis=${fieldOf(axis)}>
    ${listed ? choices(app, axis, widget.options) : typed(app, axis, id)}
    <p id="${id}-says" class=${axis.problem === undefined ? 'says' : 'problem'}>${axis.problem ?? words(axis)}</p></div>`;
}

/** The axes of the sweep in the form of the workflow, each with a way out. */
export function sweepForm(app: App, prefix: string) {
  const axes = axesOf(app);
  if (axes.length === 0) return nothing;
  return html`<section class="sweep" aria-label="Sweep"><h3>Sweep, ${sweepSize(axes)} pictures</h3>
    ${axes.map(
      (axis) => html`<div class="field"><span class="caption">${axisTitle(axis)}</span>
        <span class="tools">${axisButton(app, axis.node, axis.input)}</span>${axisEditor(app, { ...axis, prefix: `${prefix}-sweep` })}</div>`,
    )}</section>`;
}
