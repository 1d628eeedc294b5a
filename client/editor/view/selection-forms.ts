import { html, svg } from 'lit';
import { live } from 'lit/directives/live.js';
import { arrangements } from '../../graph-view.ts';
import type { App } from '../app.ts';
import { keyText, runCommand, titleOf } from '../commands.ts';
import { type IconName, icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { walk } from './roving.ts';

/** Colours that a group can have, by name. */
const colours = [
  ['Blue', '#3f789e'],
  ['Green', '#4d8b5f'],
  ['Yellow', '#b58b2a'],
  ['Orange', '#b8662f'],
  ['Red', '#b04a4f'],
  ['Violet', '#7a5aa6'],
  ['Grey', '#7d8590'],
] as const;

const command = (app: App, id: string, name?: IconName) => {
  const { title, keys } = titleOf(id);
  return html`<button title="${title}${keys ? ` (${keyText(keys)})` : ''}" @click=${() => runCommand(app, id)}>${name ? icon(name) : ''}${title}</button>`;
};

const swatch = (colour: string) =>
  html`<svg viewBox="0 0 20 20" aria-hidden="true">${colour === 'none' ? svg`<circle cx="10" cy="10" r="7" fill="none" stroke="currentColor" />` : svg`<circle cx="10" cy="10" r="8" fill=${colour} />`}</svg>`;

/** A group that is selected: its name, its colour, and what can be done with it. */
export function groupForm(app: App, index: number) {
  const group = app.view.groups()[index];
  if (group === undefined) return html``;
  const chosen = colours.find(([, colour]) => colour === group.color)?.[1] ?? 'none';
  const all = [['As the theme', 'none'] as const, ...colours];
  return html`<button class="text back" title="The form of the whole workflow (Escape)" @click=${() => app.view.select([])}>‹ ${app.state.name}</button>
    <h2><input class="title" aria-label="Title of the group" maxlength="200" .value=${live(group.title)} @change=${(event: Event) => app.view.setGroup(index, { title: inputValue(event) })} /></h2>
    <p class="help">A group with ${group.nodes.length === 1 ? 'one node' : `${group.nodes.length} nodes`}. Drag its title to move it with what is in it.</p>
    <div class="field"><span class="caption" id="group-colour">Colour</span><span class="swatches" role="radiogroup" aria-labelledby="group-colour" @keydown=${walk}>${all.map(
      ([name, colour]) =>
        html`<button role="radio" tabindex=${colour === chosen ? 0 : -1} aria-checked=${colour === chosen} aria-label=${name} title=${name} @click=${() => app.view.setGroup(index, { color: colour })}>${swatch(colour)}</button>`,
    )}</span></div>
    <div class="actions column">
      <button @click=${() => app.view.fitGroup(index)}>Fit to its nodes</button>
      <button @click=${() => app.view.ungroup(index)}>Ungroup, keep the nodes</button>
      <button @click=${() => app.view.removeGroup(index)}>${icon('trash')} Delete with its nodes</button>
    </div>`;
}

/** Several nodes that are selected: what can be done with all of them at once. */
export function severalForm(app: App) {
  return html`<button class="text back" title="The form of the whole workflow (Escape)" @click=${() => app.view.select([])}>‹ ${app.state.name}</button>
    <h2>${app.state.selection.length} nodes</h2>
    <p class="help">Select one node to see its fields.</p>
    <h3>Line up</h3><div class="actions column">${arrangements.map((how) => command(app, `arrange-${how}`))}</div>
    <h3>All of them</h3><div class="actions column">${['group', 'pin', 'collapse', 'mute', 'bypass', 'duplicate'].map((id) => command(app, id))}${command(app, 'delete', 'trash')}</div>`;
}
