import { html } from 'lit';
import { live } from 'lit/directives/live.js';
import { type App, labelOf, nodeById, openDialog, setField } from '../app.ts';
import type { Dialog } from '../state.ts';
import { inputValue } from './input-value.ts';

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** A long text with as much room as there is; what is typed is taken over at once, as in its field. */
export function textSheet(app: App, { node: id, port: name }: Extract<Dialog, { kind: 'text' }>) {
  const node = nodeById(app, id);
  const input = node?.inputs.find(({ port }) => port.name === name);
  if (node === undefined || input === undefined) return html``;
  const text = String(input.value ?? '');
  const words = text.match(/\S+/g)?.length ?? 0;
  return html`<div class="box text-sheet" role="dialog" aria-modal="true" aria-label=${`${node.title}: ${labelOf(input.port)}`}><h2>${node.title}</h2>
    <p class="help" id="text-sheet-help">${input.port.help}</p>
    <textarea autofocus aria-label=${labelOf(input.port)} aria-describedby="text-sheet-help" .value=${live(text)}
      @input=${(event: Event) => setField(app, { node: id, port: name }, inputValue(event))}></textarea>
    <div class="actions end"><span class="hint">${plural(words, 'word', 'words')}, ${plural(text.length, 'character', 'characters')}</span><span class="space"></span>
      <button class="primary" @click=${() => openDialog(app, undefined)}>Done</button></div>
  </div>`;
}
