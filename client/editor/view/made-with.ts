import { html, nothing } from 'lit';
import { type Difference, type RunManifest, usualTolerance, type Verdict } from '../../../workflows/index.ts';
import type { App } from '../app.ts';
import { type About, readAbout, verifyShown } from '../picture-about.ts';
import type { PictureDialog } from '../state.ts';
import { secondsText } from './job-words.ts';

const short = (hash: string): string => hash.slice(0, 12);

function differenceList(differences: readonly Difference[], none: string) {
  if (differences.length === 0) return html`<p class="says">${none}</p>`;
  return html`<table><tbody>${differences.map(
    ({ what, before, after }) => html`<tr><th scope="row">${what}</th><td>${before ?? '—'}</td><td>→ ${after ?? '—'}</td></tr>`,
  )}</tbody></table>`;
}

const headlines: Readonly<Record<Verdict['result'], string>> = {
  'bit-equal': 'Bit-equal: every value of every pixel is the same.',
  'within-tolerance': 'Within tolerance',
  different: 'Different',
};

function verdictWords({ result, difference }: Verdict): string {
  if (result === 'bit-equal') return headlines[result];
  if (difference === undefined) return 'Different: the new picture has another size.';
  const { largest, mean, share } = difference;
  return `${headlines[result]}: the largest difference is ${largest} of 255 (${usualTolerance} would still count as the same), the mean ${mean.toPrecision(3)}, and ${(100 * share).toPrecision(3)} % of the values differ.`;
}

function verdictOf(verdict: About['verdict']) {
  if (verdict === undefined) return nothing;
  if (verdict === 'running') return html`<p class="verdict" role="status">Runs it again …</p>`;
  if ('fault' in verdict) return html`<p class="problem" role="alert">${verdict.fault}</p>`;
  return html`<div class="verdict ${verdict.result}"><p role="status">${verdictWords(verdict)}</p>${differenceList(verdict.changed, 'Nothing it depends on has changed since.')}</div>`;
}

function facts(app: App, { program, at, workflow, runtime, models, nodes }: RunManifest) {
  const when = Number.isNaN(Date.parse(at)) ? at : new Date(at).toLocaleString();
  const files = Object.entries(models).flatMap(([model, hashes]) =>
    Object.entries(hashes).map(([file, hash]) => ({ what: `${model}, ${file}`, hash })),
  );
  const title = (id: string, type: string): string =>
    app.nodes().find((node) => node.id === id && node.type === type)?.title ?? app.catalogue.get(type)?.title ?? type;
  const row = (what: string, value: string) => html`<tr><th scope="row">${what}</th><td>${value}</td></tr>`;
  return html`<table><tbody>
      ${row('Made', when)} ${row('Program', `litegraph-diffusion ${program}`)}
      ${row('ONNX Runtime', [runtime.onnxruntime, runtime.provider, runtime.device, runtime.precision ?? ''].filter((part) => part !== '').join(', '))}
      ${row('Workflow', short(workflow))}
      ${files.map(({ what, hash }) => html`<tr><th scope="row">${what}</th><td><code title="SHA-256 ${hash}">${short(hash)}</code></td></tr>`)}
    </tbody></table>
    <h3>Nodes</h3><table><tbody>${Object.entries(nodes).map(([id, { type, version, ms, cached, values }]) => {
      const said = Object.entries(values).map(([name, value]) => `${name} ${String(value)}`);
      return html`<tr><th scope="row" title="${type}, version ${version}">${title(id, type)}</th><td>${said.join(', ')}</td><td>${cached ? 'cached' : ms === undefined ? '' : secondsText(ms)}</td></tr>`;
    })}</tbody></table>`;
}

/** What made a picture: versions, models, values and times; a button that makes it again and compares; how it differs from the one beside it. */
export function madeWith(app: App, { picture, against, about = {} }: PictureDialog) {
  const { carried, fault, verdict, differences } = about;
  const opened = ({ target }: Event): void => {
    if (target instanceof HTMLDetailsElement && target.open && carried === undefined) void readAbout(app, picture, against);
  };
  const content =
    carried === undefined
      ? html`<p class="says">${fault ?? 'Reading it …'}</p>`
      : html`<div class="actions"><button id="verify" ?disabled=${verdict === 'running'} title="Runs what made it again and compares the pixels; nothing is saved" @click=${() => void verifyShown(app, picture)}>Verify: make it again and compare</button></div>
        ${verdictOf(verdict)} ${facts(app, carried.manifest)}`;
  return html`${
    against === undefined
      ? nothing
      : html`<details class="made" id="differences" @toggle=${(event: Event) => event.target instanceof HTMLDetailsElement && event.target.open && differences === undefined && void readAbout(app, picture, against)}>
        <summary>What differs: the other picture → this one</summary>${differences === undefined ? html`<p class="says">${fault ?? 'Reading them …'}</p>` : 'fault' in differences ? html`<p class="says">${differences.fault}</p>` : differenceList(differences, 'Both were made in the same way.')}</details>`
  }
    <details class="made" id="made-with" @toggle=${opened}><summary>What made it</summary>${content}</details>`;
}
