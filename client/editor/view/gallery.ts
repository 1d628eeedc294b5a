import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { type App, openDialog } from '../app.ts';
import { batchTitle, showAlbum } from '../batches.ts';
import type { Picture } from '../state.ts';
import { icon } from './icons.ts';
import { walk } from './roving.ts';

/** The address of a picture, smaller if `width` is given. */
export function pictureUrl(app: App, picture: Picture, width?: number): string {
  const url = app.connection.imageUrl(picture);
  return width === undefined ? url : `${url}${url.includes('?') ? '&' : '?'}width=${width}`;
}

const albumTitle = ({ state }: App, album: string): string => {
  const batch = state.batches.find(({ id }) => id === album);
  return batch === undefined ? album : batchTitle(batch);
};

/** The pictures that were made, newest first; one stop of Tab, with arrows from one to the next. */
export function gallery(app: App) {
  const { pictures, album } = app.state;
  if (album === undefined && pictures.length === 0)
    return html`<section class="gallery empty-strip" aria-label="Results"><p class="empty">Pictures that you make appear here. Press Run.</p></section>`;
  const stop = pictures.some(({ name }) => name === app.state.thumb) ? app.state.thumb : pictures[0]?.name;
  return html`<section class="gallery" aria-label="Results" @keydown=${walk}>${album === undefined ? nothing : html`<button class="album" id="leave-album" title="Show all pictures again" @click=${() => void showAlbum(app, undefined)}>${icon('close')}<span>${albumTitle(app, album)}</span></button>`}${repeat(
    pictures,
    ({ name }) => name,
    (
      picture,
    ) => html`<button class="thumb" title=${picture.name} tabindex=${picture.name === stop ? 0 : -1} @focus=${() => app.set({ thumb: picture.name })} @click=${() => openDialog(app, { kind: 'picture', picture })}>
      <img src=${pictureUrl(app, picture, 192)} alt=${picture.name} loading="lazy" width="96" height="96" /></button>`,
  )}</section>`;
}
