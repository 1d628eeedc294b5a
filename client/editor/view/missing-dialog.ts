import { html, nothing } from 'lit';
import { type App, openDialog } from '../app.ts';
import { isNothing, type MissingFile, type MissingType, missingOf } from '../missing.ts';
import { problemsOf, startRun } from '../running.ts';
import { icon } from './icons.ts';

const show = (app: App, node: string | undefined) =>
  html`<button class="text" @click=${() => {
    openDialog(app, undefined);
    if (node !== undefined) app.view.select([node], { reveal: true });
  }}>Show it</button>`;

const missingType = (
  app: App,
  { type, nodes, nearest }: MissingType,
) => html`<li class="lacking"><p><b>${type}</b>${nodes.length > 1 ? html`, ${nodes.length} times` : nothing}: no such node is known here. ${show(app, nodes[0])}</p>
  ${
    nearest.length === 0
      ? html`<p class="help">Install what defines it, mute it, or delete it.</p>`
      : html`<div class="actions">${nearest.map(
          (near) =>
            html`<button @click=${() => {
              for (const id of nodes) app.view.replace(id, near.type);
              app.set({});
            }}>Use ${near.title} instead</button>`,
        )}</div>`
  }</li>`;

const missingFile = (
  app: App,
  { name, what, places, nearest }: MissingFile,
) => html`<li class="lacking"><p><b>${name}</b>: ${what === 'model' ? 'this model is not in the models folder.' : 'this picture is not in the input folder.'} ${show(app, places[0]?.node)}</p>
  ${
    nearest.length === 0
      ? html`<p class="help">${what === 'model' ? 'Put a model into the models folder.' : 'Drop a picture on the node.'}</p>`
      : html`<div class="actions">${nearest.map(
          (near) =>
            html`<button @click=${() => {
              for (const { node, port } of places) app.view.setValue(node, port, near);
              app.set({});
            }}>Use ${near} instead</button>`,
        )}</div>`
  }</li>`;

/** Why a workflow cannot run here, and what could be taken instead. */
export function missingDialog(app: App) {
  const missing = missingOf(app, problemsOf(app));
  const mended = isNothing(missing);
  return html`<div class="box" role="dialog" aria-modal="true" aria-label="What is missing"><h2>${mended ? 'Nothing is missing any more' : 'This workflow cannot run here yet'}</h2>
    ${
      mended
        ? html`<p class="help">It can run now. What was put in its place may work differently: look at the values of the nodes.</p>`
        : html`<p class="help">It needs what is not here. Each can be replaced; undo takes that back.</p>
      <ul class="plain missing-list">${missing.types.map((one) => missingType(app, one))}${missing.files.map((one) => missingFile(app, one))}</ul>`
    }
    <div class="actions end"><button autofocus @click=${() => openDialog(app, undefined)}>Close</button>
      ${
        mended
          ? html`<button class="primary" id="mended-run" @click=${() => {
              openDialog(app, undefined);
              startRun(app);
            }}>${icon('play')} Run</button>`
          : nothing
      }</div>
  </div>`;
}
