import { html } from 'lit';
import type { App } from '../app.ts';
import { keyText, runCommand, titleOf } from '../commands.ts';
import { type IconName, icon } from './icons.ts';

const button = (app: App, id: string, name: IconName, disabled = false) => {
  const { title, keys = '' } = titleOf(id);
  return html`<button class="icon" id="tool-${id}" title="${title} (${keyText(keys)})" ?disabled=${disabled} @click=${() => runCommand(app, id)}>${icon(name)}<span class="hidden">${title}</span></button>`;
};

/** Undo, redo and the size of the view, at the edge of the canvas. `scale` is CSS px of a graph unit. */
export function canvasTools(app: App, scale: number) {
  const percent = `${Math.round(scale * 100)} %`;
  return html`<div class="canvas-tools" role="toolbar" aria-label="Steps and view">
    ${button(app, 'undo', 'undo', app.history.undos === 0)}${button(app, 'redo', 'redo', app.history.redos === 0)}<i class="line"></i>
    ${button(app, 'zoom-out', 'minus')}<button class="percent" id="tool-full-size" title="Full size (0)" @click=${() => runCommand(app, 'full-size')}>${percent}</button>${button(app, 'zoom-in', 'plus')}
    <button class="see-all" id="tool-fit-all" title="Show the whole graph (1)" @click=${() => runCommand(app, 'fit-all')}>${icon('maximize')} <span>See all</span></button>
  </div>`;
}
