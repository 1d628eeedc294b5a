import { writeGraph } from '../../workflows/index.ts';
import { type App, currentDocument } from './app.ts';
import { forgetKept, type Kept, keepDocument, keptDocument, keptDocuments } from './kept.ts';

/** Which document stands on the table of this tab, for when it is loaded anew. */
const tableKey = 'litegraph-diffusion.document';

/** 64 random bits as hexadecimal digits. */
export const newDocumentId = (): string =>
  [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Keeps the document in the browser. What another tab has kept under its name since is left alone: this one gets a name of its own. */
export function autosave(app: App): void {
  const { state } = app;
  try {
    const other = keptDocument(localStorage, state.document);
    if (other !== undefined && other.at !== state.keptAt) app.set({ document: newDocumentId() });
    const at = Math.max(Date.now(), (state.keptAt ?? 0) + 1);
    const { name, pristine, foreign } = state;
    const text = writeGraph(currentDocument(app));
    keepDocument(localStorage, { id: state.document, name, at, nodes: app.nodes().length, text, pristine, foreign });
    sessionStorage.setItem(tableKey, state.document);
    app.set({ keptAt: at, ...(state.dirty ? { savedAt: at } : {}) });
  } catch {
    app.say('The browser does not keep this workflow: its storage is full or switched off. Save it as a file.', 'error');
  }
}

/** Before another document is put on the table: what was changed last is kept, a template that was only looked at is not. */
export function leaveDocument(app: App): void {
  app.keepNow();
  const storage = storageOf();
  if (app.state.pristine && storage) forgetKept(storage, app.state.document);
}

/** A step of undo leads to another document. */
export function goBackTo(app: App, document: string): void {
  app.keepNow();
  const storage = storageOf();
  app.set({ document, keptAt: storage && keptDocument(storage, document)?.at });
}

/** The room that the browser gives; none if it is switched off. */
function storageOf(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** Documents to choose from: all that are kept but the one on the table. */
export function recentDocuments(app: App): readonly Kept[] {
  const storage = storageOf();
  return storage === undefined ? [] : keptDocuments(storage).filter(({ id, pristine }) => id !== app.state.document && !pristine);
}

/** Takes a document out of the list for good. */
export function forgetRecent(app: App, id: string): void {
  const storage = storageOf();
  if (storage) forgetKept(storage, id);
  app.set({});
}

/** What this tab had on its table, or else what was worked on last. */
export function lastDocument(): Kept | undefined {
  const storage = storageOf();
  if (storage === undefined) return undefined;
  const own = sessionStorage.getItem(tableKey);
  const kept = own === null ? undefined : keptDocument(storage, own);
  return kept ?? keptDocuments(storage).find(({ pristine }) => !pristine);
}
