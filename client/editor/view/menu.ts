import { html, nothing } from 'lit';
import { ref } from 'lit/directives/ref.js';
import { type App, fieldsOf, isMarked, labelOf, nodeById, openDialog, toggleMark } from '../app.ts';
import { axisOf, toggleAxis } from '../axes.ts';
import { commands, keyText } from '../commands.ts';
import { startRun } from '../running.ts';
import type { Menu, ToastAction } from '../state.ts';

const nodeCommands = ['mute', 'bypass', 'collapse', 'pin', 'group', 'duplicate', 'copy', 'delete'];

/** The menu of a node or of the background. */
export function contextMenu(app: App) {
  const { menu } = app.state;
  if (menu === undefined) return nothing;
  const [x, y] = menu.at;
  // Set by script, for the page's policy allows no style attributes; after the entries are drawn, for they give the size.
  const place = (box: Element | undefined): void => {
    if (box instanceof HTMLElement) queueMicrotask(() => put(box));
  };
  const put = (box: HTMLElement): void => {
    const { width, height } = box.getBoundingClientRect();
    box.style.left = `${Math.max(4, Math.min(x, innerWidth - width - 8))}px`;
    box.style.top = `${Math.max(4, Math.min(y, innerHeight - height - 8))}px`;
  };
  const item = (title: string, act: () => void, keys = '') =>
    html`<button role="menuitem" @click=${() => {
      app.set({ menu: undefined });
      act();
    }}>${title}${keys ? html`<kbd>${keyText(keys)}</kbd>` : nothing}</button>`;
  const { node, group } = menu;
  const onGroup =
    group === undefined
      ? []
      : [
          item('Rename the group', () => app.view.renameGroup(group)),
          item('Colour and more', () => {
            app.view.selectGroup(group);
            app.set({ inspector: true });
          }),
          item('Fit to its nodes', () => app.view.fitGroup(group)),
          item('Ungroup', () => app.view.ungroup(group)),
          item('Delete with its nodes', () => app.view.removeGroup(group)),
        ];
  const entries =
    node === undefined
      ? [
          ...onGroup,
          item('Add a node here', () => openDialog(app, { kind: 'search', request: { graph: menu.graph, screen: menu.at } }), '/'),
          item('Fit to view', () => app.view.fit(), '.'),
          item('Select all', () => app.view.select(app.nodes().map(({ id }) => id)), '$mod+a'),
        ]
      : [
          ...fieldEntries(app, menu, item),
          item('Run to here', () => startRun(app, { targets: [node] })),
          ...commands.filter(({ id }) => nodeCommands.includes(id)).map(({ title, keys, run }) => item(title, () => run(app), keys)),
        ];
  return html`<div class="menu context" role="menu" aria-label=${node === undefined ? 'Canvas' : 'Node'} ${ref(place)}>${entries}</div>`;
}

/** What the menu says of the field under the pointer. */
function fieldEntries<T>(app: App, { node: id, port: name }: Menu, item: (title: string, act: () => void) => T): readonly T[] {
  const node = id === undefined ? undefined : nodeById(app, id);
  const input = node && fieldsOf(node).find(({ port }) => port.name === name);
  if (node === undefined || input === undefined) return [];
  const label = labelOf(input.port);
  const swept = axisOf(app, node.id, input.port.name) !== undefined;
  const sweep = (): void => {
    toggleAxis(app, node, input);
    if (swept) return;
    app.view.select([node.id]);
    app.set({ inspector: true, ...(app.state.phone ? { sheet: 'outline' } : {}) });
  };
  return [
    item(swept ? `Take “${label}” out of the sweep` : `Try several values of “${label}”`, sweep),
    item(isMarked(app, node.id, input.port.name) ? `Take “${label}” out of the form` : `Show “${label}” in the form`, () =>
      toggleMark(app, node.id, input.port.name),
    ),
  ];
}

/** Short messages at the bottom; errors stay until they are sent away. */
export function toasts(app: App) {
  return html`<div class="toasts" role="log" aria-live="polite">${app.state.toasts.map(({ id, kind, text, actions = [] }) => {
    const close = (): void => app.set({ toasts: app.state.toasts.filter((toast) => toast.id !== id) });
    const act =
      ({ run }: ToastAction) =>
      (): void => {
        close();
        run();
      };
    return html`<div class="toast ${kind}"><span>${text}</span>
      ${actions.map((action) => html`<button @click=${act(action)}>${action.label}</button>`)}
      <button class="text" @click=${close}>Close</button></div>`;
  })}</div>`;
}

/** Says that the server is not there; heals by itself. */
export function banner(app: App) {
  const { connection, connectionMessage } = app.state;
  if (connection === 'open' || connection === 'connecting') return nothing;
  const text =
    connection === 'lost'
      ? 'The connection to the server is lost. Your graph is safe; it will connect again by itself.'
      : 'The server did not let this page in. Open it with the address that the server printed, token included.';
  return html`<div class="banner" role="alert">${text}${connectionMessage ? html` <small>${connectionMessage}</small>` : nothing}</div>`;
}
