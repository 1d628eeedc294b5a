import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import { seedControls } from '../../../workflows/index.ts';
import { seedWords } from '../../seed-words.ts';
import { type App, openDialog } from '../app.ts';
import { droppedFiles, picturesAmong, takePictures } from '../batch-pictures.ts';
import { startBatch } from '../batches.ts';
import {
  batchWish,
  columnFault,
  firstNames,
  type NewBatch,
  rowFault,
  type Target,
  targets,
  withoutTable,
  withTable,
} from '../new-batch.ts';
import { startRun } from '../running.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';

const change = (app: App, wish: NewBatch): void => app.set({ dialog: { kind: 'new-batch', wish } });

/** A table, or pictures. */
async function take(app: App, wish: NewBatch, files: readonly File[]): Promise<void> {
  const pictures = picturesAmong(files);
  if (pictures.length > 0) return takePictures(app, pictures);
  const [file] = files;
  if (file === undefined) return;
  const text = await file.text();
  change(app, withTable(app, wish, { name: file.name, text }));
}

function fileField(app: App, wish: NewBatch) {
  const chosen = ({ target }: Event): void => {
    if (target instanceof HTMLInputElement) void take(app, wish, [...(target.files ?? [])]);
  };
  const { sending } = wish;
  return html`<div class="drop">
    <label class="button">${icon('upload')} Choose a table<input id="table-file" class="hidden" type="file" accept=".csv,.tsv,.jsonl,.ndjson,text/csv" @change=${chosen} /></label>
    <label class="button">${icon('upload')} Choose pictures<input id="picture-files" class="hidden" type="file" multiple accept="image/png,image/jpeg,image/webp" @change=${chosen} /></label>
    <span role="status">${sending === undefined ? (wish.file ?? 'or drop a .csv, a .jsonl, pictures or a folder of them here. The first line of a table names the columns, such as Prompt.text.') : `${sending.done} of ${sending.files.length} pictures are on the server …`}</span>
    ${wish.file === undefined && sending === undefined ? nothing : html`<button class="text" @click=${() => change(app, withoutTable(wish))}>Without ${sending !== undefined || wish.columns.some(({ name }) => name === 'picture') ? 'them' : 'a table'}</button>`}
    ${wish.fault === undefined ? nothing : html`<p class="problem" role="alert">${wish.fault}</p>`}</div>`;
}

const shownRows = 30;

function columnHead(app: App, wish: NewBatch, { index, fields }: { readonly index: number; readonly fields: readonly Target[] }) {
  const column = wish.columns[index];
  if (column === undefined) return nothing;
  const bind = (event: Event): void =>
    change(app, { ...wish, columns: wish.columns.map((one, i) => (i === index ? { ...one, field: inputValue(event) } : one)) });
  return html`<th scope="col" class=${column.field === '' ? 'unbound' : ''}><span>${column.name}</span>
    <select aria-label="Field that the column ${column.name} sets" @change=${bind}><option value="">no field, only for names</option>${fields.map(
      ({ field, title }) => html`<option value=${field} ?selected=${field === column.field}>${title}</option>`,
    )}</select></th>`;
}

function rowTable(app: App, wish: NewBatch, fields: readonly Target[]) {
  const { rows, columns } = wish;
  const faults = rows.slice(0, 2000).flatMap((row) => {
    const fault = rowFault(row, columns, fields);
    return fault === undefined ? [] : [{ row: row.row, fault }];
  });
  const bad = new Map(faults.map(({ row, fault }) => [row, fault]));
  const unbound = columns.filter(({ field }) => field === '').map(({ name }) => name);
  return html`<div class="rows-table" tabindex="0" role="region" aria-label="Rows"><table><thead><tr><th scope="col">row</th>${columns.map((_, index) => columnHead(app, wish, { index, fields }))}</tr></thead>
      <tbody>${rows
        .slice(0, shownRows)
        .map(
          (row) =>
            html`<tr class=${bad.has(row.row) ? 'bad' : ''} title=${bad.get(row.row) ?? ''}><th scope="row">${row.row}</th>${columns.map(({ name }) => html`<td>${row.cells.get(name) ?? ''}</td>`)}</tr>`,
        )}</tbody></table></div>
    <p class="says">${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${rows.length > shownRows ? `, the first ${shownRows} are shown` : ''}. An empty cell leaves what the workflow says.</p>
    ${unbound.length === 0 ? nothing : html`<p class="says">${unbound.map((name) => `“${name}”`).join(', ')} ${unbound.length === 1 ? 'names no field and is' : 'name no fields and are'} used only in file names.</p>`}
    ${faults.length === 0 ? nothing : html`<div class="problem"><p>${faults.length === 1 ? 'One row' : `${faults.length} rows`} will fail, the others run:</p><ul>${faults.slice(0, 4).map(({ row, fault }) => html`<li>Row ${row}, ${fault}</li>`)}</ul></div>`}`;
}

function seedsField(app: App, wish: NewBatch) {
  const choose = (event: Event): void => {
    const seeds = seedControls.find((one) => one === inputValue(event));
    const { seeds: _, ...rest } = wish;
    change(app, { ...rest, ...(seeds === undefined ? {} : { seeds }) });
  };
  return html`<label class="row">Seeds <select id="batch-seeds" @change=${choose}><option value="">as each node says</option>${seedControls.map(
    (name) =>
      html`<option value=${name} ?selected=${wish.seeds === name}>${seedWords[name].name}: ${seedWords[name].help.toLowerCase()}</option>`,
  )}</select></label>`;
}

function nameField(app: App, wish: NewBatch, fault: string | undefined) {
  const names = fault === undefined ? firstNames(app, wish) : [];
  const tokens = ['row', 'seed', 'date', 'time', ...wish.columns.map(({ name }) => name)].map((name) => `{${name}}`).join(' ');
  return html`<label class="row">Names of the files <input id="batch-name" type="text" spellcheck="false" autocomplete="off" maxlength="200" .value=${live(wish.template)} @input=${(event: Event) => change(app, { ...wish, template: inputValue(event) })} /></label>
    <p class="says">There are ${tokens}; a / makes a folder.</p>
    ${names.length === 0 ? nothing : html`<p class="names" aria-label="Names">${names.map((name) => html`<code>${name}</code> `)}…</p>`}`;
}

/** Makes a batch of the workflow: a table whose rows set fields, or the same again; how seeds change, and how the files are called. */
export function newBatchDialog(app: App, wish: NewBatch) {
  const fields = targets(app);
  const fault = columnFault(wish);
  const { rows, repeat, sending } = wish;
  const count = sending?.files.length ?? (rows.length > 0 ? rows.length : repeat);
  const start = (): void => {
    startRun(app, { instead: () => void startBatch(app, batchWish(wish)) });
    // What is wrong stands at the nodes.
    if (app.state.problems.length > 0 && app.state.dialog?.kind === 'new-batch') openDialog(app, undefined);
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    void droppedFiles(event.dataTransfer).then((files) => take(app, wish, files));
  };
  return html`<div class="box batch-box new-batch" @drop=${drop} @dragover=${(event: DragEvent) => event.preventDefault()} role="dialog" aria-modal="true" aria-label="New batch"><h2>New batch
      <button class="icon" title="Close" @click=${() => openDialog(app, undefined)}>${icon('close')}<span class="hidden">Close</span></button></h2>
    <p class="help">Runs this workflow once for each row of a table, for each of several pictures, or several times. A row that fails stops nothing.</p>
    ${fileField(app, wish)}
    ${sending !== undefined ? nothing : rows.length > 0 ? rowTable(app, wish, fields) : html`<label class="row">Repeat <input id="batch-repeat" type="number" min="1" max="100000" .value=${live(String(wish.repeat))} @input=${(event: Event) => change(app, { ...wish, repeat: Number(inputValue(event)) })} /></label>`}
    ${seedsField(app, wish)} ${nameField(app, wish, fault)}
    ${fault === undefined ? nothing : html`<p class="problem" role="alert">${fault}</p>`}
    <div class="actions end"><button @click=${() => openDialog(app, undefined)}>Not now</button>
      <button autofocus class="primary" id="start-batch" ?disabled=${fault !== undefined || wish.fault !== undefined || sending !== undefined} @click=${start}>${icon('play')} Run ${count} ${count === 1 ? 'picture' : 'pictures'}</button></div>
  </div>`;
}
