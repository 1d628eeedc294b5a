import { html, nothing } from 'lit';
import type { App } from '../app.ts';
import { dialogs } from './dialogs.ts';
import { gallery } from './gallery.ts';
import { inspector } from './inspector.ts';
import { banner, contextMenu, toasts } from './menu.ts';
import { phoneSheet } from './phone.ts';
import { leftPanel, rail } from './rail.ts';
import { statusLine } from './status.ts';
import { timeline } from './timeline.ts';
import { topBar } from './top-bar.ts';

/** The whole page around the canvas. `table` is the canvas's place, kept by whoever draws. */
export function shell(app: App, table: HTMLElement) {
  const { phone, panel, inspector: open } = app.state;
  return html`<div class="page ${phone ? 'phone' : 'desk'} ${panel ? 'with-panel' : ''} ${open ? 'with-inspector' : ''}">
    ${topBar(app)} ${phone ? nothing : rail(app)} ${leftPanel(app)}
    <main class="table" aria-label="Graph">${table}${banner(app)}</main>
    ${phone ? phoneSheet(app) : html`${inspector(app)}<div class="results">${gallery(app)}${timeline(app)}</div>`} ${statusLine(app)}
  </div>
  ${contextMenu(app)} ${dialogs(app)} ${toasts(app)}`;
}
