import { html, nothing, render } from 'lit';
import type { Catalogue, ImageFile } from '../../nodes/kit/index.ts';
import { createGraphView } from '../canvas/index.ts';
import type { Connection, ServerAddress } from '../connection.ts';
import type { GraphView } from '../graph-view.ts';
import { createHttp } from '../http.ts';
import { createRuns } from '../runs.ts';
import { openConnection } from '../socket.ts';
import { type App, openDialog } from './app.ts';
import { drawAxes } from './axes.ts';
import { followUnfinished } from './batches.ts';
import { documentText } from './commands.ts';
import { openLink, openTemplate, restore } from './documents.ts';
import { bindDrops } from './drops.ts';
import { createHistory } from './history.ts';
import { followJobs } from './jobs.ts';
import { autosave } from './keeping.ts';
import { bindKeys } from './keys.ts';
import { catalogueOf, refreshCatalogue, refreshPictures, refreshTemplates } from './lists.ts';
import { followModels } from './models.ts';
import { followRuns, judgeChange, resumeRun } from './running.ts';
import { initialState, type State } from './state.ts';
import { applyTheme, preferredTheme } from './theme-switch.ts';
import { canvasTools } from './view/canvas-tools.ts';
import { shell } from './view/shell.ts';

declare global {
  interface Window {
    /** For tests and for the curious: the page's parts. */
    __editor?: App;
  }
}

const phoneQuery = '(max-width: 700px)';
/** Changes of one field that follow one another within this many ms are one step of undo. */
const sameStep = 1200;
const toastTime = 5000;
const autosaveDelay = 800;

/** Exchanges a token in the address for a cookie and takes it out of the address. */
async function exchangeToken(): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return;
  history.replaceState(null, '', location.pathname + location.search);
  await fetch('/v1/session', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) });
}

/** Asks until the server answers: the page may have been opened before it was ready, or without its token. Says what it waits for. */
async function firstCatalogue(server: ServerAddress, say: (text: string) => void): Promise<Catalogue> {
  const { nodes } = createHttp(server, fetch.bind(window));
  for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
    try {
      return catalogueOf(await nodes());
    } catch (thrown) {
      say(thrown instanceof Error ? thrown.message : String(thrown));
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function createView(canvas: HTMLCanvasElement, connection: Connection, catalogue: Catalogue): GraphView {
  const picture = (file: Pick<ImageFile, 'folder' | 'name'>, width?: number): Promise<Blob> => connection.picture(file, width);
  return createGraphView(canvas, {
    catalogue,
    theme: preferredTheme(),
    picture,
    imageUrl: (file) => connection.imageUrl(file),
    upload: (file, name) => connection.upload(file, name),
  });
}

/** The app object: state with redraws, and the parts. */
function createApp(parts: Pick<App, 'view' | 'connection' | 'catalogue'>, draw: (app: App) => void): App {
  const state: State = initialState(preferredTheme(), matchMedia(phoneQuery).matches);
  let scheduled = false;
  let toast = 0;
  let keeping: ReturnType<typeof setTimeout> | undefined;
  let lastChange = 0;
  const still = (): boolean => Date.now() - lastChange < sameStep;
  const app: App = {
    ...parts,
    state,
    runs: createRuns(parts.connection),
    history: createHistory(() => {
      const same = still();
      lastChange = Date.now();
      return same;
    }),
    set(change) {
      Object.assign(state, change);
      if (scheduled) return;
      scheduled = true;
      requestAnimationFrame(() => {
        scheduled = false;
        draw(app);
      });
    },
    say(text, kind = 'info', actions = []) {
      const id = ++toast;
      app.set({ toasts: [...state.toasts.filter((other) => other.text !== text).slice(-3), { id, kind, text, actions }] });
      if (kind === 'info')
        setTimeout(
          () => app.set({ toasts: state.toasts.filter((other) => other.id !== id) }),
          actions.length > 0 ? 3 * toastTime : toastTime,
        );
    },
    changed(step) {
      app.history.push({ text: documentText(app), document: state.document, ...step });
      app.keep();
    },
    keep() {
      app.set({ dirty: true, pristine: false });
      clearTimeout(keeping);
      keeping = setTimeout(app.keepNow, autosaveDelay);
    },
    keepNow() {
      if (keeping === undefined) return;
      clearTimeout(keeping);
      keeping = undefined;
      autosave(app);
    },
    nodes: () => app.view.nodes(),
  };
  return app;
}

function followView(app: App, drawTools: Table['drawTools']): void {
  const { view } = app;
  view.on('change', (step) => {
    app.changed(step);
    judgeChange(app);
  });
  view.on('view', () => drawTools(app));
  view.on('select', ({ nodes, group }) => app.set({ selection: nodes, group }));
  view.on('search', (request) => openDialog(app, { kind: 'search', request }));
  view.on('menu', ({ screen, ...where }) => {
    const { node } = where;
    if (node !== undefined && !app.state.selection.includes(node)) view.select([node]);
    app.set({ menu: { at: screen, ...where } });
  });
  view.on('notice', ({ message, between, offers = [] }) => {
    const actions = offers.map(({ type, title }) => ({ label: `Insert ${title}`, run: () => between && view.insert(type, between) }));
    app.say(message, 'info', actions);
  });
  view.on('picture', ({ url }) => {
    const found = app.state.pictures.find((picture) => url.includes(encodeURIComponent(picture.name)) || url.endsWith(picture.name));
    if (found) openDialog(app, { kind: 'picture', picture: found });
  });
}

function followServer(app: App): void {
  const { connection } = app;
  const hearJobs = followJobs(app);
  connection.on('state', ({ state, message }) => app.set({ connection: state, connectionMessage: message }));
  connection.on('message', (message) => {
    hearJobs(message);
    if (message.type === 'welcome' || message.type === 'device') app.set({ device: message.device });
    if (message.type === 'loaded') app.set({ loaded: message.networks });
    if (message.type === 'workers') app.set({ workers: message.workers });
    if (message.type === 'welcome') resumeRun(app, message.jobs);
    if (message.type === 'welcome') void followUnfinished(app);
    if (message.type === 'welcome') void Promise.allSettled([refreshPictures(app), refreshTemplates(app)]);
    if (message.type === 'catalogue' || message.type === 'welcome') followModels(app);
    if (message.type === 'catalogue') void refreshCatalogue(app);
  });
}

/** The canvas with what stands over its corner, which is drawn by itself: the view changes with each turn of the wheel. */
interface Table {
  readonly table: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  drawTools(app: App): void;
}

function createTable(): Table {
  const table = document.createElement('div');
  table.className = 'canvas-place';
  const canvas = document.createElement('canvas');
  canvas.id = 'graph';
  const tools = document.createElement('div');
  table.append(canvas, tools);
  return { table, canvas, drawTools: (app) => render(canvasTools(app, app.view.scale()), tools) };
}

/** Draws the page and puts the focus where a dialog wants it. */
function drawer(root: HTMLElement, { table, drawTools }: Table): (app: App) => void {
  let shown: unknown;
  let opener: Element | null = null;
  return (app) => {
    const before = document.activeElement;
    render(shell(app, table), root);
    drawTools(app);
    drawAxes(app);
    document.title = `${app.state.dirty ? '• ' : ''}${app.state.name} · litegraph-diffusion`;
    const kind = app.state.dialog?.kind;
    if (kind === shown) return;
    if (shown === undefined) opener = before;
    if (kind !== undefined) requestAnimationFrame(() => root.querySelector<HTMLElement>('.curtain [autofocus]')?.focus());
    else if (document.activeElement === document.body && opener instanceof HTMLElement) opener.focus({ preventScroll: true });
    shown = kind;
  };
}

function focusPrompt(app: App): void {
  const prompt = app.state.phone ? null : document.querySelector<HTMLTextAreaElement>('.inspector textarea:not([id$=notes])');
  prompt?.focus();
  prompt?.setSelectionRange(prompt.value.length, prompt.value.length);
}

async function open(app: App): Promise<void> {
  if (await openLink(app)) return;
  if (restore(app)) return;
  if (!(await openTemplate(app, 'text-to-image', false)))
    app.say('The templates cannot be reached. Open a file, or add nodes with “/”.', 'error');
}

async function start(root: HTMLElement): Promise<void> {
  await exchangeToken().catch(() => undefined);
  const server = { server: location.origin };
  const place = createTable();
  const { table, canvas } = place;
  const catalogue = await firstCatalogue(server, (text) => render(html`<p class="boot" role="status">${text}</p>`, root));
  render(nothing, root);
  const connection = openConnection(server);
  const draw = drawer(root, place);
  const view = createView(canvas, connection, catalogue);
  const app = createApp({ view, connection, catalogue }, draw);
  applyTheme(app, app.state.theme);
  draw(app);
  view.resize();
  followView(app, place.drawTools);
  followServer(app);
  followRuns(app, () => void refreshPictures(app));
  bindKeys(app);
  bindDrops(app);
  const phone = matchMedia(phoneQuery);
  phone.addEventListener('change', () => app.set({ phone: phone.matches }));
  new ResizeObserver(() => view.resize()).observe(table);
  addEventListener('pagehide', () => app.keepNow());
  addEventListener('pointerdown', ({ target }) => {
    if (target instanceof Element && !target.closest('.menu, .split') && (app.state.menu || app.state.runMenu))
      app.set({ menu: undefined, runMenu: false });
  });
  window.__editor = app;
  await open(app);
  draw(app);
  view.resize();
  view.begin();
  focusPrompt(app);
}

const root = document.getElementById('app');
if (root) void start(root);
