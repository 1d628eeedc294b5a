import { html } from 'lit';
import { type App, openDialog } from '../app.ts';
import { chooseFile, openKept } from '../documents.ts';
import { forgetRecent, recentDocuments } from '../keeping.ts';
import type { Kept } from '../kept.ts';
import { icon } from './icons.ts';

const today = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });
const longAgo = new Intl.DateTimeFormat([], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** The time of today, or the day with it. */
const when = (at: number): string => (new Date(at).toDateString() === new Date().toDateString() ? today : longAgo).format(at);

const recent = (app: App, kept: Kept) => html`<li><button class="entry" data-kept=${kept.id} @click=${() => {
  openDialog(app, undefined);
  openKept(app, kept);
}}><span><b>${kept.name}</b><small>${kept.nodes} nodes · ${when(kept.at)}</small></span></button>
    <button class="icon" title="Take out of this list for good" @click=${() => forgetRecent(app, kept.id)}>${icon('trash')}<span class="hidden">Forget ${kept.name}</span></button></li>`;

/** Opens a file, or what this browser has kept of earlier work. */
export function openFileDialog(app: App) {
  const documents = recentDocuments(app);
  return html`<div class="box" role="dialog" aria-modal="true" aria-label="Open"><h2>Open</h2>
    <p class="help">A workflow as JSON, from here or from ComfyUI, or a picture that carries one. Dropping it anywhere on the page works too.</p>
    <div class="actions"><button autofocus class="primary" id="choose-file" @click=${() => {
      openDialog(app, undefined);
      chooseFile(app);
    }}>${icon('upload')} Choose a file</button></div>
    <h3 class="recent-title">Recent, kept in this browser</h3>
    ${
      documents.length === 0
        ? html`<p class="empty">What you change is kept here by itself. When you open something else, you find it here again.</p>`
        : html`<ul class="plain recent">${documents.map((kept) => recent(app, kept))}</ul>`
    }
  </div>`;
}
