import { html, nothing } from 'lit';
import type { FileKind, LoadedNetwork } from '../../../workflows/protocol.ts';
import type { App } from '../app.ts';
import { bytesOf, type LoadedModel, loadedModels, type ModelFile, unload, useModel } from '../models.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';

const titles: Readonly<Record<FileKind, string>> = {
  checkpoints: 'Checkpoints',
  loras: 'LoRA',
  controlnets: 'ControlNet',
  vae: 'VAE',
  clip: 'Text encoders',
  unet: 'U-Nets',
  embeddings: 'Embeddings',
};

const partWords = new Map([
  ['unet', 'U-Net'],
  ['text_encoder', 'text encoder'],
  ['text_encoder_2', 'second text encoder'],
  ['vae_encoder', 'VAE encoder'],
  ['vae_decoder', 'VAE decoder'],
  ['controlnet', 'ControlNet'],
  ['attention', 'U-Net with attention maps'],
]);

/** Bytes for people. */
const sizeText = (bytes: number): string =>
  bytes >= 1e9
    ? `${(bytes / 1e9).toFixed(bytes < 1e10 ? 1 : 0)} GB`
    : bytes >= 1e6
      ? `${Math.round(bytes / 1e6)} MB`
      : `${Math.max(1, Math.round(bytes / 1e3))} kB`;

const partText = ({ part, loras }: LoadedNetwork): string =>
  `${partWords.get(part) ?? part}${loras.length === 0 ? '' : ` with ${loras.join(', ')}`}`;

function loadedRow(app: App, { kind, model, device, networks }: LoadedModel, several: boolean) {
  const parts = networks.map(partText).join(', ');
  const precisions = [...new Set(networks.flatMap(({ precision }) => precision ?? []))];
  const facts = [sizeText(bytesOf(networks)), ...precisions, ...(several ? [device] : [])].join(' · ');
  return html`<li class="job" data-model=${model}>
    <span class="words"><b title=${model}>${model}</b><small title=${parts}>${parts}</small><small>${facts}</small></span>
    <button class="icon" title="Unload" ?disabled=${app.state.unloading} @click=${() => void unload(app, { kind, model })}>${icon('eject')}<span class="hidden">Unload ${model}</span></button>
  </li>`;
}

function inMemory(app: App) {
  const { loaded, unloading } = app.state;
  if (loaded.length === 0)
    return html`<p class="note quiet">Nothing is in memory. A model is loaded when a node first needs it, and stays for the next run.</p>`;
  const several = new Set(loaded.map(({ device }) => device)).size > 1;
  return html`<div class="queue-bar"><h3>In memory · ${sizeText(bytesOf(loaded))}</h3>
      <button id="unload" ?disabled=${unloading} title="Give the memory back; what a run needs is loaded again" @click=${() => void unload(app, {})}>${icon('eject')} ${unloading ? 'Unloading …' : 'Unload'}</button></div>
    <ul class="plain in-memory" aria-label="In memory">${loadedModels(loaded).map((model) => loadedRow(app, model, several))}</ul>`;
}

const factsOf = (app: App, { kind, name, family, bytes }: ModelFile): string =>
  [
    ...(family === '' ? [] : [family]),
    sizeText(bytes),
    ...(app.state.loaded.some((network) => network.kind === kind && network.model === name) ? ['in memory'] : []),
  ].join(' · ');

const entry = (app: App, file: ModelFile) =>
  html`<li><button class="entry" data-file=${file.name} @click=${() => useModel(app, file)}><span><b title=${file.name}>${file.name}</b><small>${factsOf(app, file)}</small></span></button></li>`;

function files(app: App) {
  const { models, query } = app.state;
  if (models === undefined) return html`<p class="empty">Reading the models …</p>`;
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const found = models.filter(({ name, family }) => words.every((word) => `${name} ${family}`.toLowerCase().includes(word)));
  if (found.length === 0) return html`<p class="empty">No model is called like that. Try another word.</p>`;
  return Object.entries(titles).map(([kind, title]) => {
    const list = found.filter((file) => file.kind === kind);
    return list.length === 0
      ? nothing
      : html`<h3>${title}</h3><ul class="plain" aria-label=${title}>${list.map((file) => entry(app, file))}</ul>`;
  });
}

/** The models that there are, and what is in memory of them. */
export function modelsPanel(app: App) {
  const many = (app.state.models?.length ?? 0) > 8;
  return html`${inMemory(app)}
    ${
      many
        ? html`<label class="search">${icon('search')}<span class="hidden">Search models</span>
          <input type="search" placeholder="Search models" .value=${app.state.query} @input=${(event: InputEvent) => app.set({ query: inputValue(event) })} /></label>`
        : nothing
    }
    ${files(app)}
    <p class="hint">Click to use one in the selected loader, or to add a node for it. Files that are put into the models folder appear here by themselves: checkpoints/, loras/, controlnet/, vae/, text_encoders/, diffusion_models/, embeddings/.</p>`;
}
