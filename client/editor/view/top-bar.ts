import { html, nothing } from 'lit';
import type { DeviceStatus, WorkerSummary } from '../../../workflows/index.ts';
import { type App, openDialog } from '../app.ts';
import { axesOf, sweepSize } from '../axes.ts';
import { pressRun } from '../batches.ts';
import { saveDocument } from '../documents.ts';
import { openModels } from '../models.ts';
import { emptyBatch } from '../new-batch.ts';
import { cancelRun, isBusy, startRun, startRuns } from '../running.ts';
import { switchTheme } from '../theme-switch.ts';
import { recordsSteps } from '../timeline.ts';
import { icon } from './icons.ts';

const runCounts = [2, 4, 8, 16];

function runMenu(app: App) {
  const { selection, runMenu: open } = app.state;
  if (!open) return nothing;
  const records = recordsSteps(app);
  return html`<div class="menu run-menu" role="menu" aria-label="Ways to run">
    <button role="menuitem" @click=${() => startRun(app)}>Run once ${axesOf(app).length > 0 ? nothing : html`<kbd>Ctrl Enter</kbd>`}</button>
    ${runCounts.map((count) => html`<button role="menuitem" @click=${() => startRuns(app, count)}>Run ×${count}</button>`)}
    <button role="menuitem" ?disabled=${selection.length === 0} @click=${() => startRun(app, { targets: selection })}>Run to selected</button>
    <button role="menuitem" @click=${() => startRun(app, { fresh: true })}>Run without cache</button>
    <button role="menuitem" @click=${() => openDialog(app, { kind: 'new-batch', wish: emptyBatch })}>New batch …</button>
    <button role="menuitemcheckbox" aria-checked=${records} title="Keep what each step looked like, to go through it afterwards; takes a little longer" @click=${() => app.set({ record: !records, runMenu: false })}>Record steps <kbd>${records ? 'on' : 'off'}</kbd></button>
  </div>`;
}

const runWords = (size: number, phone: boolean): string =>
  size === 0 ? 'Run' : phone ? `Run ${size}` : `Run sweep (${size} ${size === 1 ? 'picture' : 'pictures'})`;

/** The coloured button and what belongs to it. */
export function runButtons(app: App) {
  const busy = isBusy(app);
  const cancel = html`<button id="cancel" title="Stop after this step (Ctrl+Alt+Enter)" @click=${() => cancelRun(app)}>Cancel</button>`;
  const size = sweepSize(axesOf(app));
  // A phone has room for one of them.
  if (busy && app.state.phone) return html`<div class="run">${cancel}</div>`;
  return html`<div class="run">
    ${busy ? cancel : nothing}
    <button class="primary" id="run" title="${size > 0 ? 'Run sweep: every combination of the marked fields' : 'Run the graph'} (Ctrl+Enter)" @click=${() => pressRun(app)}>${size > 0 && app.state.phone ? nothing : icon('play')}<span>${runWords(size, app.state.phone)}</span></button>
    <button class="primary split" title="More ways to run" aria-haspopup="menu" aria-expanded=${app.state.runMenu} @click=${() => app.set({ runMenu: !app.state.runMenu })}>
      ${icon('chevronDown')}<span class="hidden">More ways to run</span>
    </button>
    ${runMenu(app)}
  </div>`;
}

/** What a provider is called, by ONNX Runtime's name for it. */
const providerNames: Readonly<Record<string, string>> = {
  CPUExecutionProvider: 'CPU',
  CUDAExecutionProvider: 'CUDA',
  WebGpuExecutionProvider: 'WebGPU',
  DmlExecutionProvider: 'DirectML',
  CoreMLExecutionProvider: 'Core ML',
};

/** The provider, and the GPU by the short form of its name where it has one; a device that is no provider's shows its own state. */
function deviceName({ device, provider, title }: DeviceStatus): string {
  const name = providerNames[provider] ?? provider;
  if (name === '') return device;
  return [name, ...(title === undefined ? [] : [title.replace(/^NVIDIA (GeForce )?/, '')])].join(' · ');
}

const deviceText = (app: App): string => {
  const { device } = app.state;
  const model = app.nodes().find(({ type }) => type.endsWith('CheckpointLoaderSimple'));
  const name = model?.inputs.find(({ port }) => port.name === 'ckpt_name')?.value;
  const others = app.state.workers.filter(({ here }) => !here).length;
  const more = others === 0 ? [] : [others === 1 ? '1 worker' : `${others} workers`];
  return [device === undefined ? '…' : deviceName(device), ...more, ...(typeof name === 'string' ? [name] : [])].join(' · ');
};

/** Another host that takes jobs, and on what. */
const workerWords = ({ name, devices }: WorkerSummary): string =>
  `${name} with ${devices.map(({ device, title, state }) => `${title ?? device}${state === 'ready' ? '' : `, ${state}`}`).join(' and ')}`;

/** Where it runs, in full. */
const deviceWords = ({ device, provider, title, precision, state }: DeviceStatus): readonly string[] => [
  ...(state === 'ready' ? [] : [state]),
  `runs on ${[device, ...(title === undefined ? [] : [title])].join(', ')}${provider === '' ? '' : ` with ${provider}`}${precision === undefined ? '' : ` in ${precision}`}`,
];

function toggleModels(app: App): void {
  if (app.state.panel === 'models') app.set({ panel: undefined });
  else openModels(app);
}

function deviceChip(app: App) {
  const { connection, connectionMessage, device, workers } = app.state;
  const others = workers.filter(({ here }) => !here).map(workerWords);
  const words = { open: 'Connected', connecting: 'Connecting', lost: 'Connection lost, trying again', refused: 'Not let in' } as const;
  const title = [words[connection], ...(device ? deviceWords(device) : []), device?.message ?? '', ...others, connectionMessage ?? '']
    .filter((part) => part !== '')
    .join(' · ');
  return html`<button class="chip" id="device" title="${title} · show models and memory" @click=${() => toggleModels(app)}><i class="dot ${connection}"></i><span>${deviceText(app)}</span><span class="hidden">${words[connection]}, models and memory</span></button>`;
}

/** Name, files, run, device. */
export function topBar(app: App) {
  const { name, dirty, theme, phone } = app.state;
  return html`<header class="top-bar">
    ${phone ? nothing : html`<strong class="brand">litegraph<span>·</span>diffusion</strong>`}
    <button class="name" id="name" title="Rename" @click=${() => openDialog(app, { kind: 'rename' })}>
      <span>${name}</span>${dirty ? html`<i class="unsaved" title="Not saved to a file yet"></i><span class="hidden">not saved</span>` : nothing}
    </button>
    <nav aria-label="File">
      <button @click=${() => app.set({ panel: app.state.panel === 'templates' ? undefined : 'templates', sheet: undefined })}>Templates</button>
      <button title="Open a workflow, a picture that carries one, or earlier work (Ctrl+O)" @click=${() => openDialog(app, { kind: 'open' })}>Open</button>
      <button title="Save as a file (Ctrl+S)" @click=${() => saveDocument(app)}>Save</button>
      <button @click=${() => openDialog(app, { kind: 'share' })}>Share</button>
    </nav>
    <span class="space"></span>
    ${phone ? nothing : runButtons(app)}
    ${deviceChip(app)}
    <button class="icon" id="theme" title=${theme === 'dark' ? 'Light theme' : 'Dark theme'} @click=${() => switchTheme(app)}>
      ${icon(theme === 'dark' ? 'moon' : 'sun')}<span class="hidden">${theme === 'dark' ? 'Light theme' : 'Dark theme'}</span>
    </button>
  </header>`;
}
