import { html, nothing } from 'lit';
import type { ImageFile } from '../../../nodes/kit/index.ts';
import { type App, nodeById, openDialog } from '../app.ts';
import { axisTitle } from '../axes.ts';
import { type Batch, type BatchItem, batchTitle, cancelBatch, resumeBatch, showAlbum } from '../batches.ts';
import type { Picture } from '../state.ts';
import { pictureUrl } from './gallery.ts';
import { icon } from './icons.ts';
import { secondsText } from './job-words.ts';
import { walk } from './roving.ts';

/** A file of the output folder as a picture; its size is found out when it is shown. */
export const outputPicture = (name: string): Picture =>
  ({ folder: 'output', name, width: 0, height: 0, modified: 0 }) satisfies ImageFile & Picture;

/** How far a batch is, in words. */
export function batchFacts({ state, done, failed, total, left }: Pick<Batch, 'state' | 'done' | 'failed' | 'total' | 'left'>): string {
  const states = { running: 'running', done: 'done', failed: 'ended', interrupted: 'stopped' } as const;
  return [
    states[state],
    `${done} of ${total} done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(state === 'running' && left !== undefined ? [`${secondsText(left)} left`] : []),
  ].join(' · ');
}

/** How a field is called here: by the title of its node where there is one. */
export function fieldTitle(app: App, field: string): string {
  const dot = field.lastIndexOf('.');
  const node = nodeById(app, field.slice(0, dot));
  const input = node?.inputs.find(({ port }) => port.name === field.slice(dot + 1));
  return node === undefined || input === undefined ? field : axisTitle({ node, input });
}

/** What an item that has not ended is at. */
function waitingState(app: App, batch: Batch, row: number): string {
  const own = [...app.state.jobs.values()].find(({ id }) => id === `${batch.id}.${row}` || id.startsWith(`${batch.id}.${row}.`));
  if (own?.state === 'running') return 'running';
  return batch.state === 'running' ? 'waiting' : 'not made';
}

interface Cell {
  readonly row: number;
  readonly label: string;
}

function cell(app: App, batch: Batch, { row, label }: Cell) {
  const item = batch.items.find((one) => one.row === row);
  const [file] = item?.files ?? [];
  if (item !== undefined && file !== undefined) {
    const open = (): void => openDialog(app, { kind: 'picture', picture: outputPicture(file), cell: { batch: batch.id, item } });
    return html`<button class="cell ${item.state}" data-row=${row} title=${label} @click=${open}><img src=${pictureUrl(app, outputPicture(file), 192)} alt=${label} loading="lazy" /></button>`;
  }
  const state = item?.state ?? waitingState(app, batch, row);
  return html`<span class="cell ${state.replace(' ', '-')}" data-row=${row} title=${item?.problem?.message ?? label}><i></i><small>${state}</small></span>`;
}

/** One table of a sweep: the first axis across, the second down. */
function table(app: App, batch: Batch, block: number) {
  const [across, down] = batch.axes;
  if (across === undefined) return nothing;
  const columns = across.values.length;
  const lines = down?.values ?? [''];
  const title = fieldTitle(app, across.field);
  return html`<table class="sweep-grid"><thead>
      <tr>${down === undefined ? nothing : html`<th scope="col" class="corner">${fieldTitle(app, down.field)}</th>`}
        ${across.values.map((value) => html`<th scope="col" title="${title} ${value}">${value}</th>`)}</tr></thead>
    <tbody>${lines.map((value, line) => {
      const first = (block * lines.length + line) * columns + 1;
      return html`<tr>${down === undefined ? nothing : html`<th scope="row">${value}</th>`}
        ${across.values.map((other, column) => {
          const label = [`${title} ${other}`, ...(down ? [`${fieldTitle(app, down.field)} ${value}`] : [])].join(', ');
          return html`<td>${cell(app, batch, { row: first + column, label })}</td>`;
        })}</tr>`;
    })}</tbody></table>`;
}

function sweepTables(app: App, batch: Batch) {
  const [across, , deep] = batch.axes;
  const blocks = deep?.values ?? [''];
  return html`<div class="cells" tabindex="0" role="region" aria-label="Pictures of the sweep">${across === undefined ? nothing : html`<p class="axis-title">${fieldTitle(app, across.field)} →</p>`}
    ${blocks.map((value, block) => html`${deep === undefined ? nothing : html`<h3>${fieldTitle(app, deep.field)}: ${value}</h3>`}${table(app, batch, block)}`)}</div>`;
}

/** Rows beyond this many are not drawn one by one. */
const mostShown = 500;

function rowLabel(app: App, item: BatchItem | undefined, row: number): string {
  const said = Object.entries(item?.values ?? {}).map(([name, value]) => `${fieldTitle(app, name)} ${value}`);
  return [`Row ${row}`, ...said].join(', ');
}

function rowCells(app: App, batch: Batch) {
  const rows = Array.from({ length: Math.min(batch.total, mostShown) }, (_, index) => index + 1);
  const items = new Map(batch.items.map((item) => [item.row, item]));
  return html`<div class="cells rows" tabindex="0" role="region" aria-label="Pictures of the batch" @keydown=${walk}>${rows.map(
    (row) => html`<figure>${cell(app, batch, { row, label: rowLabel(app, items.get(row), row) })}<figcaption>${row}</figcaption></figure>`,
  )}</div>${batch.total > mostShown ? html`<p class="hint">${batch.total - mostShown} more are in the folder.</p>` : nothing}`;
}

function failures(batch: Batch) {
  const failed = batch.items.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return nothing;
  return html`<details class="failures" ?open=${batch.state !== 'running'}><summary>${failed.length} failed</summary><ul class="plain">${failed
    .slice(0, 50)
    .map(({ row, problem }) => html`<li><b>Row ${row}</b> ${problem?.message ?? 'It failed.'}</li>`)}</ul></details>`;
}

function actions(app: App, batch: Batch) {
  const { id, state, grid } = batch;
  const left = batch.done < batch.total;
  const album = (): void => {
    openDialog(app, undefined);
    void showAlbum(app, id);
  };
  return html`<div class="actions">
    ${state === 'running' ? html`<button id="cancel-batch" @click=${() => void cancelBatch(app, id)}>Cancel</button>` : nothing}
    ${state !== 'running' && left ? html`<button id="resume-batch" class="primary" title="Runs what is missing or failed" @click=${() => void resumeBatch(app, id)}>${icon('play')} Resume</button>` : nothing}
    ${grid === undefined ? nothing : html`<button id="show-grid" @click=${() => openDialog(app, { kind: 'picture', picture: outputPicture(grid) })}>${icon('grid')} Grid as a picture</button>`}
    <button id="open-folder" ?disabled=${batch.done === 0} title="Only the pictures of this batch in the gallery" @click=${album}>${icon('blocks')} Show in the gallery</button>
  </div>`;
}

/** A batch with its progress and every picture of it: as a labelled table for a sweep. */
export function batchDialog(app: App, id: string) {
  const { batch } = app.state;
  const known = batch?.id === id ? batch : undefined;
  const title = known === undefined ? 'Batch' : batchTitle(known);
  return html`<div class="box batch-box" role="dialog" aria-modal="true" aria-label=${title}>
    <h2>${title} <button autofocus class="icon" title="Close; it goes on" @click=${() => openDialog(app, undefined)}>${icon('close')}<span class="hidden">Close</span></button></h2>
    ${
      known === undefined
        ? html`<p class="empty">Asking for it …</p>`
        : html`<p class="facts" role="status">${batchFacts(known)}</p>
      <progress max=${known.total} value=${known.done + known.failed} aria-label="Progress"></progress>
      ${known.axes.length > 0 ? sweepTables(app, known) : rowCells(app, known)}
      ${failures(known)} ${actions(app, known)}`
    }
  </div>`;
}
