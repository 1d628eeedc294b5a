import { html, nothing } from 'lit';
import type { WorkflowSummary } from '../../../workflows/index.ts';
import { type App, changeAbout, openDialog } from '../app.ts';
import { copyDocument, copyText, download, saveDocument, shareLink } from '../documents.ts';
import type { Dialog } from '../state.ts';
import { batchDialog } from './batch.ts';
import { pictureUrl } from './gallery.ts';
import { icon } from './icons.ts';
import { jobDialog } from './job.ts';
import { missingDialog } from './missing-dialog.ts';
import { newBatchDialog } from './new-batch.ts';
import { openFileDialog } from './open-dialog.ts';
import { commandDialog, keysDialog, searchDialog } from './search.ts';
import { textSheet } from './text-sheet.ts';
import { pictureDialog } from './viewer.ts';

async function downloadPicture(app: App): Promise<void> {
  const [newest] = app.state.pictures;
  if (newest === undefined) return;
  const answer = await fetch(pictureUrl(app, newest));
  download(await answer.blob(), newest.name.replaceAll('/', '_'));
}

function shareDialog(app: App, link: string | undefined) {
  return html`<div class="box" role="dialog" aria-modal="true" aria-label="Share"><h2>Share this workflow</h2>
    <p class="help">A file or a link holds the whole graph with its values. Nothing is uploaded.</p>
    <div class="actions">
      <button autofocus @click=${() => void copyDocument(app)}>${icon('copy')} Copy as JSON</button>
      <button @click=${() => saveDocument(app)}>${icon('download')} Download .json</button>
      <button ?disabled=${app.state.pictures.length === 0} title="The newest picture; it carries the workflow that made it" @click=${() => void downloadPicture(app)}>${icon('download')} Download last picture</button>
      <button id="make-link" @click=${() => void shareLink(app)}>${icon('link')} Make a link</button>
    </div>
    ${
      link === undefined
        ? nothing
        : html`<label class="link">Link <input id="share-link" readonly .value=${link} @focus=${(event: Event) => event.target instanceof HTMLInputElement && event.target.select()} /></label>
      <p class="help">${link.length > 8000 ? `The link has ${link.length} characters; some programs cut links that long.` : `${link.length} characters.`}</p>
      <button @click=${() => void copyText(app, link, 'The link is copied.')}>${icon('copy')} Copy link</button>`
    }
  </div>`;
}

const list = (names: readonly { name: string; present: boolean }[]) =>
  html`<ul>${names.map(({ name, present }) => html`<li class=${present ? '' : 'missing'}>${name} ${present ? '' : html`<b>not here</b>`}</li>`)}</ul>`;

function foreignDialog(app: App, summary: WorkflowSummary, go: () => void) {
  const { missingTypes, models, reads, writes, nodes, work } = summary;
  return html`<div class="box" role="dialog" aria-modal="true" aria-label="Before the first run"><h2>Before the first run</h2>
    <p class="help">This workflow came from elsewhere. It runs no code of its own; this is what it uses.</p>
    <section><h3>Nodes</h3><p>${nodes} nodes${work.steps > 0 ? html`, about ${work.steps} steps` : nothing}.</p>
      ${missingTypes.length === 0 ? nothing : html`<p class="problem">Not known here:</p><ul>${missingTypes.map(({ type, count, nearest }) => html`<li class="missing">${count} × ${type}${nearest.length > 0 ? html` <small>nearest: ${nearest.join(', ')}</small>` : nothing}</li>`)}</ul>`}</section>
    ${models.length === 0 ? nothing : html`<section><h3>Models</h3>${list(models)}</section>`}
    ${reads.length === 0 ? nothing : html`<section><h3>Reads from the input folder</h3>${list(reads)}</section>`}
    ${writes.length === 0 ? nothing : html`<section><h3>Writes into the output folder</h3><ul>${writes.map((name) => html`<li>${name}_00001_.png …</li>`)}</ul></section>`}
    <div class="actions end"><button @click=${() => openDialog(app, undefined)}>Not now</button>
      <button autofocus class="primary" id="foreign-run" @click=${() => {
        openDialog(app, undefined);
        go();
      }}>Run it</button></div>
  </div>`;
}

function renameDialog(app: App) {
  const done = (event: Event): void => {
    event.preventDefault();
    const { target } = event;
    const input = target instanceof HTMLFormElement ? target.querySelector('input') : null;
    const name = input?.value.trim().slice(0, 120);
    openDialog(app, undefined);
    if (name && name !== app.state.name) changeAbout(app, { name }, 'Rename the workflow');
  };
  return html`<form class="box" role="dialog" aria-modal="true" aria-label="Rename" @submit=${done}><h2>Name of the workflow</h2>
    <input autofocus aria-label="Name" .value=${app.state.name} maxlength="120" @focus=${(event: Event) => event.target instanceof HTMLInputElement && event.target.select()} />
    <div class="actions end"><button type="button" @click=${() => openDialog(app, undefined)}>Cancel</button><button class="primary">Rename</button></div></form>`;
}

function content(app: App, dialog: Dialog) {
  switch (dialog.kind) {
    case 'search':
      return searchDialog(app, dialog.request);
    case 'commands':
      return commandDialog(app);
    case 'keys':
      return keysDialog();
    case 'text':
      return textSheet(app, dialog);
    case 'missing':
      return missingDialog(app);
    case 'open':
      return openFileDialog(app);
    case 'share':
      return shareDialog(app, dialog.link);
    case 'foreign':
      return foreignDialog(app, dialog.summary, dialog.go);
    case 'rename':
      return renameDialog(app);
    case 'job':
      return jobDialog(app, dialog);
    case 'batch':
      return batchDialog(app, dialog.id);
    case 'new-batch':
      return newBatchDialog(app, dialog.wish);
    case 'picture':
      return pictureDialog(app, dialog);
  }
}

/** What stands before everything else. Escape and a click beside it send it away; Tab stays inside. */
export function dialogs(app: App) {
  const { dialog } = app.state;
  if (dialog === undefined) return nothing;
  const outside = (event: MouseEvent): void => {
    if (event.target === event.currentTarget) openDialog(app, undefined);
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') openDialog(app, undefined);
    if (event.key === 'Tab') keepInside(event);
    event.stopPropagation();
  };
  return html`<div class="curtain ${dialog.kind}" @pointerdown=${outside} @keydown=${keys}>${content(app, dialog)}</div>`;
}

function keepInside(event: KeyboardEvent): void {
  const { currentTarget } = event;
  if (!(currentTarget instanceof HTMLElement)) return;
  const stops = [
    ...currentTarget.querySelectorAll<HTMLElement>('button:not([disabled]), input, select, textarea, a[href], [tabindex="0"]'),
  ];
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  const other = event.shiftKey ? stops.at(-1) : stops[0];
  if (document.activeElement !== edge || other === undefined) return;
  event.preventDefault();
  other.focus();
}
