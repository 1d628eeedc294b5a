import { toProblem } from '../../nodes/kit/index.ts';
import { decodeShare, encodeShare, type GraphDocument, isPng, readGraph, readPngWorkflow, writeGraph } from '../../workflows/index.ts';
import { type App, currentDocument, openDialog } from './app.ts';
import { autosave, lastDocument, leaveDocument, newDocumentId } from './keeping.ts';
import type { Kept } from './kept.ts';
import { judgeChange } from './running.ts';
import { emptyTimeline } from './timeline.ts';

/** Where a document came from. */
export interface Origin {
  /** Made by somebody else: its needs are shown before its first run. */
  readonly foreign: boolean;
  readonly name?: string;
  /** One step back leads to what was there before. */
  readonly undoable?: boolean;
  /** Nobody has made or brought it: a template. */
  readonly pristine?: boolean;
  /** What the browser kept of it. */
  readonly kept?: Kept;
}

/** Puts a document on the table. */
export function openDocument(app: App, graph: GraphDocument, { foreign, name, undoable, pristine = false, kept }: Origin): void {
  leaveDocument(app);
  app.view.load(graph);
  const title = typeof graph.extra.name === 'string' && graph.extra.name !== '' ? graph.extra.name : (name ?? 'Untitled');
  app.view.setProblems([]);
  app.set({
    name: title,
    extra: graph.extra,
    document: kept?.id ?? newDocumentId(),
    keptAt: kept?.at,
    pristine,
    foreign,
    dirty: false,
    savedAt: undefined,
    run: undefined,
    timeline: app.state.timeline?.open ? emptyTimeline(true) : undefined,
    problems: [],
    selection: [],
    group: undefined,
  });
  judgeChange(app);
  const text = writeGraph(currentDocument(app));
  if (undoable) app.history.push({ text, action: 'open', document: app.state.document });
  else app.history.reset({ text, action: 'open', document: app.state.document });
  autosave(app);
}

/** Opens text in any accepted form; throws if it cannot. */
function openParsed(app: App, text: string, origin: Origin): void {
  const { graph, warnings } = readGraph(text, app.catalogue);
  openDocument(app, graph, origin);
  const [first] = warnings;
  if (first !== undefined) app.say(warnings.length === 1 ? first.message : `Opened with ${warnings.length} remarks: ${first.message}`);
}

/** Opens text in any accepted form; says why if it cannot. */
export function openText(app: App, text: string, origin: Origin): boolean {
  try {
    openParsed(app, text, origin);
    return true;
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
    return false;
  }
}

/** Opens a dropped or chosen file: a workflow, or a picture that carries one. */
export async function openFile(app: App, file: File): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const name = file.name.replace(/\.(json|png)$/i, '');
  try {
    const text = isPng(bytes) ? readPngWorkflow(bytes) : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    openParsed(app, text, { foreign: true, name, undoable: true });
  } catch (thrown) {
    const why = thrown instanceof TypeError ? 'It is neither text nor a PNG.' : toProblem(thrown).message;
    app.say(`“${file.name}” cannot be opened. ${why}`, 'error');
  }
}

/** Lets the user choose a file. */
export function chooseFile(app: App): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = '.json,.png,application/json,image/png';
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) void openFile(app, file);
  });
  input.click();
}

/** A name that every file system takes. */
const fileName = (name: string): string => `${name.replace(/[^\p{L}\p{N} _.-]+/gu, '_').trim() || 'workflow'}.json`;

/** Hands bytes to the user as a file. */
export function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Saves the document as a file. */
export function saveDocument(app: App): void {
  download(new Blob([writeGraph(currentDocument(app))], { type: 'application/json' }), fileName(app.state.name));
  app.set({ dirty: false, savedAt: Date.now() });
}

/** Copies the document as text. */
export async function copyDocument(app: App): Promise<void> {
  await copyText(app, writeGraph(currentDocument(app)), 'The workflow is copied.');
}

/** Copies text and says so. */
export async function copyText(app: App, text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    app.say(done);
  } catch {
    app.say('The browser does not let this page copy. Use “Download” instead.', 'error');
  }
}

/** A link that holds the whole graph; nothing is uploaded. */
export async function shareLink(app: App): Promise<void> {
  openDialog(app, { kind: 'share' });
  const packed = await encodeShare(currentDocument(app));
  openDialog(app, { kind: 'share', link: `${location.origin}${location.pathname}#w=${packed}` });
}

/** Opens the graph of a link, if this is one. */
export async function openLink(app: App): Promise<boolean> {
  const packed = new URLSearchParams(location.hash.slice(1)).get('w');
  if (packed === null) return false;
  history.replaceState(null, '', location.pathname + location.search);
  try {
    const { graph } = await decodeShare(packed, app.catalogue);
    openDocument(app, graph, { foreign: true });
    return true;
  } catch (thrown) {
    app.say(`The link cannot be opened. ${toProblem(thrown).message}`, 'error');
    return false;
  }
}

/** Opens a template of the server. */
export async function openTemplate(app: App, id: string, undoable = true): Promise<boolean> {
  try {
    const text = await app.connection.get(`/v1/templates/${encodeURIComponent(id).replaceAll('%2F', '/')}`, (raw) => raw);
    const { graph } = readGraph(text, app.catalogue);
    openDocument(app, graph, { foreign: false, undoable, pristine: true });
    return true;
  } catch (thrown) {
    app.say(toProblem(thrown).message, 'error');
    return false;
  }
}

const clock = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' });

/** Puts a document that the browser kept on the table. */
export function openKept(app: App, kept: Kept, undoable = true): boolean {
  const { foreign, pristine, name } = kept;
  return openText(app, kept.text, { foreign, pristine, name, undoable, kept });
}

/** Brings back what was on the table last; says from when. */
export function restore(app: App): boolean {
  const kept = lastDocument();
  if (kept === undefined || !openKept(app, kept, false)) return false;
  if (!kept.pristine) app.say(`Restored from ${clock.format(kept.at)}.`);
  return true;
}
