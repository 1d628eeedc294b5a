import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { type Literal, parseValue, toProblem } from '../../../nodes/kit/index.ts';
import { seedControls } from '../../../workflows/index.ts';
import type { InputView, NodeView } from '../../graph-view.ts';
import { heldPort } from '../../held-port.ts';
import { seedWords } from '../../seed-words.ts';
import { type App, fieldsOf, isMarked, labelOf, nodeById, openDialog, setField, toggleMark } from '../app.ts';
import { axisOf } from '../axes.ts';
import { axisButton, axisEditor } from './axis.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { walk } from './roving.ts';

/** Numbers of a seed in groups of three, as they are read. */
export const groupedDigits = (value: Literal | undefined): string => String(value ?? '').replace(/\B(?=(\d{3})+$)/g, ' ');

/** A colour port's number as `#rrggbb`. */
export const toHex = (value: Literal | undefined): string =>
  `#${Number(value ?? 0)
    .toString(16)
    .padStart(6, '0')
    .slice(-6)}`;

/** Where a field is, and how it is shown. */
export interface FieldPlace {
  readonly node: NodeView;
  readonly input: InputView;
  /** Tells apart the same field in two places of the page. */
  readonly prefix: string;
  readonly plain?: boolean;
}

function commit(app: App, { node, input }: FieldPlace, raw: string): void {
  try {
    const value = parseValue(input.port, raw.replace(/(?<=\d)[\s\u202f](?=\d)/g, input.port.widget?.kind === 'text' ? '$&' : ''));
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
      setField(app, { node: node.id, port: input.port.name }, value);
    }
  } catch (thrown) {
    app.say(`${labelOf(input.port)}: ${toProblem(thrown).message}`, 'error');
    app.set({});
  }
}

function numberField(app: App, place: FieldPlace, id: string) {
  const { value } = place.input;
  const port = heldPort(place.input.port, app.state.held.get(`${place.node.id}.${place.input.port.name}`));
  const widget = port.widget;
  if (widget?.kind !== 'int' && widget?.kind !== 'float') return nothing;
  const { min, max, step } = widget;
  const slides = widget.slider === true;
  const top = port.name === 'steps' ? Math.min(max, 100) : port.name === 'cfg' ? Math.min(max, 20) : Math.min(max, 1000);
  const change = (event: Event): void => commit(app, place, inputValue(event));
  return html`<span class="number">
    ${
      slides
        ? html`<input type="range" aria-label=${`${labelOf(port)} slider`} min=${min} max=${top} step=${step} .value=${live(String(value ?? ''))} @input=${change} />`
        : nothing
    }
    <input id=${id} type="number" min=${min} max=${max} step=${widget.kind === 'int' ? step : 'any'} .value=${live(String(value ?? ''))} @change=${change} />
  </span>`;
}

function seedField(app: App, place: FieldPlace, id: string) {
  const { node, input } = place;
  const control = node.seedControl ?? 'fixed';
  const roll = (): void => {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    commit(app, place, String((BigInt(high & 0x1fffff) << 32n) | BigInt(low)));
  };
  return html`<span class="seed"><input id=${id} inputmode="numeric" autocomplete="off" .value=${live(groupedDigits(input.value))} @change=${(event: Event) => commit(app, place, inputValue(event))} />
      <button class="icon" title="Another seed now" @click=${roll}>${icon('dice')}<span class="hidden">Another seed now</span></button></span>
    <span class="segments" role="radiogroup" aria-label="Before each run" @keydown=${walk}>${seedControls.map(
      (name) =>
        html`<button role="radio" tabindex=${control === name ? 0 : -1} aria-checked=${control === name} title=${seedWords[name].help} @click=${() => app.view.setSeedControl(node.id, name)}>${seedWords[name].name}</button>`,
    )}</span>`;
}

function choiceField(app: App, place: FieldPlace, id: string) {
  const { port, value } = place.input;
  if (port.widget?.kind !== 'choice') return nothing;
  const { options, upload } = port.widget;
  const known = options.includes(String(value));
  return html`<select id=${id} @change=${(event: Event) => commit(app, place, inputValue(event))}>
      ${known ? nothing : html`<option selected>${String(value ?? '')}</option>`}
      ${options.map((option) => html`<option value=${option} ?selected=${option === value}>${option}</option>`)}
    </select>
    ${upload ? html`<label class="button upload">${icon('upload')} Choose a file<input class="hidden" type="file" accept="image/*" @change=${(event: Event) => void uploadInto(app, place, event)} /></label>` : nothing}`;
}

async function uploadInto(app: App, { node, input }: FieldPlace, { target }: Event): Promise<void> {
  const file = target instanceof HTMLInputElement ? target.files?.[0] : undefined;
  if (file === undefined) return;
  try {
    const { name } = await app.connection.upload(file, file.name);
    setField(app, { node: node.id, port: input.port.name }, name);
  } catch (thrown) {
    app.say(thrown instanceof Error ? thrown.message : String(thrown), 'error');
  }
}

function control(app: App, place: FieldPlace, id: string) {
  const { port, value } = place.input;
  const change = (event: Event): void => commit(app, place, inputValue(event));
  switch (port.widget?.kind) {
    case 'int':
    case 'float':
      return numberField(app, place, id);
    case 'seed':
      return seedField(app, place, id);
    case 'choice':
      return choiceField(app, place, id);
    case 'color':
      return html`<input id=${id} type="color" .value=${live(toHex(value))} @change=${(event: Event) => commit(app, place, String(Number.parseInt(inputValue(event).slice(1), 16)))} />`;
    case 'toggle':
      return html`<input id=${id} type="checkbox" role="switch" .checked=${live(value === true)} @change=${(event: Event) =>
        commit(app, place, String(event.target instanceof HTMLInputElement && event.target.checked))} />`;
    default:
      return port.widget?.kind === 'text' && port.widget.multiline
        ? html`<textarea id=${id} rows="3" placeholder=${port.widget.placeholder ?? ''} .value=${live(String(value ?? ''))} @input=${change}></textarea>`
        : html`<input id=${id} type="text" autocomplete="off" .value=${live(String(value ?? ''))} @change=${change} />`;
  }
}

function linked(app: App, { input }: FieldPlace) {
  const from = input.link && nodeById(app, input.link.node);
  return html`<span class="wired">from <button class="text" @click=${() => from && app.view.select([from.id], { reveal: true })}>${from?.title ?? 'a wire'}</button></span>`;
}

/** A text of several lines that is the field's own. */
const isLong = ({ port, link }: InputView): boolean => port.widget?.kind === 'text' && port.widget.multiline === true && link === undefined;

const isDefault = ({ port, value }: InputView): boolean => port.default === undefined || String(port.default) === String(value);

/** What a field is called in the form of the whole workflow: with the title that somebody gave its node, alone where that says it all. */
function labelInForm(app: App, { node, input: { port } }: FieldPlace): string {
  const usual = app.catalogue.get(node.type.replace(/^diffusion\//, ''))?.title;
  if (node.title === usual) return labelOf(port);
  const { widget } = port;
  const alike = fieldsOf(node).filter((other) => other.port.widget?.kind === widget?.kind);
  const tells = widget?.kind === 'text' || (widget?.kind === 'choice' && widget.upload === true);
  return tells && alike.length === 1 ? node.title : `${node.title} · ${labelOf(port)}`;
}

/** One field with its label, unit, help and the ways to reset and mark it. */
export function field(app: App, place: FieldPlace) {
  const { node, input, prefix, plain } = place;
  const { port } = input;
  const id = `${prefix}-${node.id}-${port.name}`;
  const marked = isMarked(app, node.id, port.name);
  const label = plain ? labelInForm(app, place) : labelOf(port);
  const problem = app.state.problems.find(({ node: where, port: which }) => where === node.id && which === port.name);
  return html`<div class="field ${problem ? 'wrong' : ''} ${axisOf(app, node.id, port.name) ? 'swept' : ''}" data-field="${node.id}.${port.name}">
    <label for=${id} title=${port.help}>${label}${port.unit && port.unit !== port.name ? html` <small>${port.unit}</small>` : nothing}</label>
    ${input.link ? linked(app, place) : control(app, place, id)}
    ${
      plain
        ? nothing
        : html`<span class="tools">
          ${isLong(input) ? html`<button class="icon" title="Edit in a large sheet" @click=${() => openDialog(app, { kind: 'text', node: node.id, port: port.name })}>${icon('maximize')}<span class="hidden">Edit ${label} in a large sheet</span></button>` : nothing}
          ${isDefault(input) || input.link ? nothing : html`<button class="icon" title="Back to the default" @click=${() => commit(app, place, String(port.default))}>${icon('reset')}<span class="hidden">Back to the default of ${label}</span></button>`}
          ${input.link ? nothing : axisButton(app, node, input)}
          <button class="icon" aria-pressed=${marked} title=${marked ? 'Take out of the workflow’s form' : 'Show in the workflow’s form'} @click=${() => toggleMark(app, node.id, port.name)}>${icon('pin')}<span class="hidden">Mark ${label}</span></button>
        </span>`
    }
    ${plain ? nothing : axisEditor(app, { node, input, prefix })}
    ${plain ? nothing : html`<p class="help">${port.help}</p>`}
    ${problem ? html`<p class="problem">${problem.message}</p>` : nothing}
  </div>`;
}
