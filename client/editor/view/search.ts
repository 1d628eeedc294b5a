import { html, nothing } from 'lit';
import { type NodeSpec, typesFit } from '../../../nodes/kit/index.ts';
import type { SearchRequest } from '../../graph-view.ts';
import { type App, openDialog } from '../app.ts';
import { commands, keyText } from '../commands.ts';
import { fuzzyFilter } from '../fuzzy.ts';
import { findNodes } from '../node-search.ts';
import { inputValue } from './input-value.ts';

/** Nodes that a loose wire can be joined to. */
function fitting(specs: readonly NodeSpec[], request: SearchRequest | undefined): readonly NodeSpec[] {
  const wire = request?.wire;
  if (wire === undefined) return specs;
  return specs.filter(({ inputs, outputs }) =>
    wire.side === 'output' ? inputs.some(({ type }) => typesFit(wire.type, type)) : outputs.some(({ type }) => typesFit(type, wire.type)),
  );
}

/** A list that is searched by typing and picked from by arrows and Enter. */
export interface PickList<T> {
  readonly label: string;
  /** Those that fit what is typed now; asked again at Enter, which may come before the list is drawn. */
  readonly entries: () => readonly T[];
  readonly draw: (entry: T) => unknown;
  readonly pick: (entry: T) => void;
  readonly none: string;
}

const visible = 60;

/** Draws a pick list as a dialog. */
export function pickList<T>(app: App, { label, entries, draw, pick, none }: PickList<T>) {
  const now = (): { readonly shown: readonly T[]; readonly picked: number } => {
    const shown = entries().slice(0, visible);
    return { shown, picked: Math.min(app.state.picked, Math.max(shown.length - 1, 0)) };
  };
  const { shown, picked } = now();
  const keys = (event: KeyboardEvent): void => {
    const { shown, picked } = now();
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0 && shown.length > 0) {
      event.preventDefault();
      app.set({ picked: (picked + step + shown.length) % shown.length });
      requestAnimationFrame(() => document.querySelector('.picker [aria-selected=true]')?.scrollIntoView({ block: 'nearest' }));
    }
    const entry = shown[picked];
    if (event.key === 'Enter' && entry !== undefined) {
      event.preventDefault();
      pick(entry);
    }
  };
  return html`<div class="picker" role="dialog" aria-modal="true" aria-label=${label}>
    <input autofocus class="query" type="text" role="combobox" aria-expanded="true" aria-controls="picker-list" aria-activedescendant="picked-${picked}" aria-label=${label} placeholder=${label} autocomplete="off"
      .value=${app.state.query} @keydown=${keys} @input=${(event: InputEvent) => app.set({ query: inputValue(event), picked: 0 })} />
    <ul class="plain" role="listbox" id="picker-list" aria-label=${label}>${shown.map(
      (entry, i) =>
        html`<li role="option" id="picked-${i}" aria-selected=${i === picked} @click=${() => pick(entry)} @pointermove=${() => i !== picked && app.set({ picked: i })}>${draw(entry)}</li>`,
    )}</ul>
    ${shown.length === 0 ? html`<p class="empty">${none}</p>` : nothing}
  </div>`;
}

/** The search for a node, by double click, `/`, or a wire dropped on nothing. */
export function searchDialog(app: App, request: SearchRequest | undefined) {
  const specs = fitting([...app.catalogue.values()], request);
  return pickList(app, {
    label: request?.wire ? `Nodes that fit ${request.wire.type}` : 'Search and add a node',
    entries: () => findNodes(app.state.query, specs),
    none: 'No node fits.',
    draw: (spec) =>
      html`<i class="swatch ${spec.category}"></i><span><b>${spec.title}</b> <code>${spec.type}</code><small>${spec.help}</small></span>`,
    pick(spec) {
      openDialog(app, undefined);
      const [x, y] = request?.graph ?? app.view.centre();
      const id = app.view.add(spec.type, request ? [x, y] : [x - 100, y - 60], request?.wire);
      app.view.select([id], { reveal: true });
      app.view.canvas.focus();
    },
  });
}

/** The palette of commands. */
export function commandDialog(app: App) {
  return pickList(app, {
    label: 'What do you want to do?',
    entries: () => fuzzyFilter(app.state.query, commands, ({ title, group }) => [title, group]),
    none: 'There is no such command.',
    draw: ({ title, keys, group }) =>
      html`<span><b>${title}</b> <small>${group}</small></span>${keys ? html`<kbd>${keyText(keys)}</kbd>` : nothing}`,
    pick(command) {
      openDialog(app, undefined);
      command.run(app);
    },
  });
}

/** All keys at a glance. */
export function keysDialog() {
  const groups = [...new Set(commands.map(({ group }) => group))];
  const more: readonly [string, string][] = [
    ['Ctrl V', 'Paste nodes or a workflow'],
    ['Ctrl Shift V', 'Paste with the wires that came in'],
    ['double click', 'Search and add a node there'],
    ['drag', 'Move the view; with Space also over nodes'],
    ['wheel', 'Zoom'],
    ['middle drag', 'Move the view from anywhere'],
    ['double click a title', 'Rename a node or a group'],
    ['right click', 'What can be done there'],
    ['arrows', 'Walk through pictures, menus and choices'],
    ['Shift drag', 'Select what a box touches'],
    ['Shift click', 'Add to the selection'],
    ['Esc', 'Leave, close, select nothing'],
  ];
  return html`<div class="box wide" role="dialog" aria-modal="true" aria-label="All keys"><h2>Keys</h2><div class="columns">
    ${groups.map(
      (group) =>
        html`<section><h3>${group}</h3><dl>${commands
          .filter((command) => command.group === group && command.keys)
          .map(
            ({ title, keys = '', also = [] }) =>
              html`<dt>${[keys, ...also].filter((key) => !key.startsWith('Shift++')).map((key) => html`<kbd>${keyText(key)}</kbd> `)}</dt><dd>${title}</dd>`,
          )}</dl></section>`,
    )}
    <section><h3>Mouse, paste and arrows</h3><dl>${more.map(([keys, title]) => html`<dt><kbd>${keys}</kbd></dt><dd>${title}</dd>`)}</dl></section>
  </div></div>`;
}
