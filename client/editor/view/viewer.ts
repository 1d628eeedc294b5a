import { html, nothing } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { ref } from 'lit/directives/ref.js';
import { toProblem } from '../../../nodes/kit/index.ts';
import { isPng, readGraph, readPngWorkflow, stripPng, toWorkflow } from '../../../workflows/index.ts';
import { type App, openDialog } from '../app.ts';
import { showBatch, takeValues } from '../batches.ts';
import { download, openText } from '../documents.ts';
import { bytesOf } from '../picture-about.ts';
import { startReplay } from '../replay.ts';
import type { Picture, PictureDialog } from '../state.ts';
import { fieldTitle } from './batch.ts';
import { pictureUrl } from './gallery.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { madeWith } from './made-with.ts';
import { replayStage } from './replay.ts';

/** Opens the workflow that made a picture. */
async function reuse(app: App, picture: Picture): Promise<void> {
  try {
    const text = readPngWorkflow(await bytesOf(app, picture));
    openDialog(app, undefined);
    openText(app, text, { foreign: false, undoable: true, name: picture.name });
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
  }
}

/** The values that made a picture, a line each, shown under it. */
async function showValues(app: App, picture: Picture, into: HTMLElement): Promise<void> {
  try {
    const { graph } = readGraph(readPngWorkflow(await bytesOf(app, picture)), app.catalogue);
    const lines = [...toWorkflow(graph, app.catalogue).nodes.values()].flatMap(({ type, title, inputs }) =>
      Object.entries(inputs).flatMap(([name, input]) =>
        'value' in input ? [`${title ?? app.catalogue.get(type)?.title ?? type} · ${name}: ${String(input.value)}`] : [],
      ),
    );
    into.textContent = lines.join('\n');
  } catch (thrown) {
    into.textContent = toProblem(thrown).message;
  }
}

/** Two pictures over each other, with a slider between them. */
export function comparison(app: App, picture: Picture, against: Picture) {
  const slide = (event: Event): void => {
    const stage = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('.stage') : null;
    stage?.style.setProperty('--cut', `${inputValue(event)}%`);
  };
  return html`<div class="stage compare"><img src=${pictureUrl(app, against)} alt=${against.name} /><img class="over" src=${pictureUrl(app, picture)} alt=${picture.name} />
    <input type="range" min="0" max="100" value="50" aria-label="Compare" @input=${slide} /></div>`;
}

/** Hands the file to the user, as it is or without anything that is written in it. */
async function save(app: App, picture: Picture, plain: boolean): Promise<void> {
  try {
    const bytes = await bytesOf(app, picture);
    const content = plain && isPng(bytes) ? new Uint8Array(stripPng(bytes)) : bytes;
    download(new Blob([content], { type: mimeOf(picture) }), picture.name.replaceAll('/', '_'));
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
  }
}

const mimeOf = ({ name }: Picture): string => `image/${/\.(jpe?g|webp)$/i.exec(name)?.[1]?.toLowerCase().replace('jpg', 'jpeg') ?? 'png'}`;

/** What can be done with a picture of a batch. */
function cellActions(app: App, { batch, item }: NonNullable<PictureDialog['cell']>) {
  const said = Object.entries(item.values).map(([name, value]) => `${fieldTitle(app, name)} = ${value}`);
  return html`<div class="actions cell-actions"><span>${[`Row ${item.row}`, ...said].join(' · ')}</span>
    <button id="use-values" class="primary" title="Puts these values into the graph that is open; undo brings yours back" @click=${() => takeValues(app, item)}>${icon('check')} Use these values</button>
    <button id="back-to-batch" @click=${() => showBatch(app, batch)}>${icon('grid')} All pictures</button></div>`;
}

/** A large view of a picture with what can be done with it. */
export function pictureDialog(app: App, dialog: PictureDialog) {
  const { picture, against, cell, replay } = dialog;
  const { pictures } = app.state;
  const at = pictures.findIndex(({ name }) => name === picture.name);
  const go = (step: number): void => {
    const next = pictures[at + step];
    if (next) openDialog(app, { kind: 'picture', picture: next });
  };
  const fill = (box: Element | null | undefined): void => {
    if (box instanceof HTMLElement && box.textContent === '' && box.closest('details')?.open) void showValues(app, picture, box);
  };
  // Each picture has a box of its own; it stands in the page only after it was drawn.
  const drawn = (box: Element | undefined): void => queueMicrotask(() => fill(box));
  const compare = (event: Event): void => {
    const other = pictures.find(({ name }) => name === inputValue(event));
    openDialog(app, { kind: 'picture', picture, ...(cell ? { cell } : {}), ...(other ? { against: other } : {}) });
  };
  return html`<div class="box viewer" role="dialog" aria-modal="true" aria-label=${picture.name} @keydown=${(event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    if (event.key === 'ArrowRight') go(1);
    if (event.key === 'ArrowLeft') go(-1);
  }}>
    <h2>${picture.name} <small>${picture.width > 0 ? `${picture.width} × ${picture.height}` : ''}</small>
      <button autofocus class="icon" title="Close" @click=${() => openDialog(app, undefined)}>${icon('close')}<span class="hidden">Close</span></button></h2>
    ${against ? comparison(app, picture, against) : replay ? replayStage(app, picture, replay) : html`<div class="stage"><img src=${pictureUrl(app, picture)} alt=${picture.name} /></div>`}
    ${cell === undefined ? nothing : cellActions(app, cell)}
    <div class="actions">
      <button id="reuse" title="Open the workflow that made it" @click=${() => void reuse(app, picture)}>${icon('reset')} Reuse</button>
      <button id="replay" title="How it came about, step by step" ?disabled=${replay !== undefined || against !== undefined} @click=${() => void startReplay(app, picture)}>${icon('play')} Replay</button>
      <button title="The file as it is: it carries its workflow" @click=${() => void save(app, picture, false)}>${icon('download')} Download</button>
      ${picture.name.endsWith('.png') ? html`<button id="download-plain" title="The same pixels without workflow, values and all other texts" @click=${() => void save(app, picture, true)}>Without metadata</button>` : nothing}
      <label class="inline">Compare with <select @change=${compare}><option value="">nothing</option>${pictures
        .filter(({ name }) => name !== picture.name)
        .map(({ name }) => html`<option value=${name} ?selected=${name === against?.name}>${name}</option>`)}</select></label>
    </div>
    ${keyed(`${picture.name} ${against?.name ?? ''}`, madeWith(app, dialog))}
    <details @toggle=${(event: Event) => event.target instanceof Element && fill(event.target.querySelector('pre'))}><summary>Values used</summary>${keyed(picture.name, html`<pre ${ref(drawn)}></pre>`)}</details>
    ${
      at < 0
        ? nothing
        : html`<p class="hint">${at + 1} of ${pictures.length}
      <button class="text" ?disabled=${at === 0} title="The picture after it (left arrow)" @click=${() => go(-1)}>Newer</button>
      <button class="text" ?disabled=${at === pictures.length - 1} title="The picture before it (right arrow)" @click=${() => go(1)}>Older</button></p>`
    }
  </div>`;
}
