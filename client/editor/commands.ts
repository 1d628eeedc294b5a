import { type Mode, readGraph, writeGraph } from '../../workflows/index.ts';
import { type Arrangement, arrangements, type NodeView } from '../graph-view.ts';
import { type App, currentDocument, openDialog } from './app.ts';
import { pressRun } from './batches.ts';
import { copyDocument, openTemplate, openText, saveDocument } from './documents.ts';
import type { Version } from './history.ts';
import { goBackTo } from './keeping.ts';
import { openModels, unload } from './models.ts';
import { emptyBatch } from './new-batch.ts';
import { cancelRun, judgeChange, startRun } from './running.ts';
import { switchTheme } from './theme-switch.ts';

/** Something that can be done, by a key, from the palette, or from a menu. */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** As tinykeys writes it; `$mod` is Ctrl, on a Mac Cmd. */
  readonly keys?: string;
  /** Other keys that do the same. */
  readonly also?: readonly string[];
  readonly group: 'Run' | 'Edit' | 'Nodes' | 'File' | 'View';
  /** Works while a text is being edited. */
  readonly always?: boolean;
  run(app: App): void;
}

const toggleMode =
  (mode: Mode) =>
  (app: App): void => {
    const all = chosenNodes(app).every((node) => node.mode === mode);
    app.view.setMode(app.state.selection, all ? 'always' : mode);
  };

/** Takes one step back or forth. */
function travel(app: App, version: Version | undefined): void {
  if (version === undefined) return;
  const { text, document } = version;
  const kept = app.state.selection;
  const before = new Set(app.nodes().map(kindOf));
  const { graph } = readGraph(text, app.catalogue);
  if (document !== app.state.document) goBackTo(app, document);
  app.view.load(graph, { keepView: true });
  app.set({ extra: graph.extra, name: typeof graph.extra.name === 'string' ? graph.extra.name : app.state.name });
  app.view.select(kept.filter((id) => app.nodes().some((node) => node.id === id)));
  app.keep();
  judgeChange(app);
  // Another document has its nodes elsewhere.
  if (2 * app.nodes().filter((node) => before.has(kindOf(node))).length < app.nodes().length) app.view.fit();
}

const kindOf = ({ id, type }: NodeView): string => `${id} ${type}`;

const selectAll = (app: App): void => app.view.select(app.nodes().map(({ id }) => id));

function collapse(app: App): void {
  app.view.setCollapsed(app.state.selection, !chosenNodes(app).every(({ collapsed }) => collapsed));
}

/** Copies the chosen nodes as text, so that another tab can paste them. */
async function copyNodes(app: App): Promise<void> {
  if (app.state.selection.length === 0) return;
  const text = app.view.copy(app.state.selection);
  await navigator.clipboard?.writeText(text).catch(() => app.say('The browser does not let this page copy.', 'error'));
}

function duplicate(app: App): void {
  if (app.state.selection.length === 0) return;
  app.view.select(app.view.paste(app.view.copy(app.state.selection), { withWires: true }));
}

const chosenNodes = (app: App): readonly NodeView[] => app.nodes().filter(({ id }) => app.state.selection.includes(id));

function pin(app: App): void {
  app.view.setPinned(app.state.selection, !chosenNodes(app).every(({ pinned }) => pinned));
}

function remove(app: App): void {
  const { group, selection } = app.state;
  if (group === undefined) app.view.remove(selection);
  else app.view.removeGroup(group);
}

const arranging: Readonly<Record<Arrangement, string>> = {
  left: 'Line up left edges',
  centre: 'Line up middles, one below the other',
  right: 'Line up right edges',
  top: 'Line up top edges',
  middle: 'Line up middles, side by side',
  bottom: 'Line up bottom edges',
  across: 'Spread evenly from left to right',
  down: 'Spread evenly from top to bottom',
};

const zoomStep = 1.25;

/** Every command, in the order of the sheet of keys. */
export const commands: readonly Command[] = [
  { id: 'run', title: 'Run', keys: '$mod+Enter', group: 'Run', always: true, run: pressRun },
  {
    id: 'batch',
    title: 'New batch, from a table or pictures',
    group: 'Run',
    run: (app) => openDialog(app, { kind: 'new-batch', wish: emptyBatch }),
  },
  { id: 'cancel', title: 'Cancel', keys: '$mod+Alt+Enter', group: 'Run', always: true, run: cancelRun },
  { id: 'run-fresh', title: 'Run without cache', group: 'Run', run: (app) => startRun(app, { fresh: true }) },
  { id: 'run-selected', title: 'Run to selected', group: 'Run', run: (app) => startRun(app, { targets: app.state.selection }) },
  { id: 'undo', title: 'Undo', keys: '$mod+z', group: 'Edit', run: (app) => travel(app, app.history.undo()) },
  { id: 'redo', title: 'Redo', keys: '$mod+Shift+z', also: ['$mod+y'], group: 'Edit', run: (app) => travel(app, app.history.redo()) },
  { id: 'copy', title: 'Copy nodes', keys: '$mod+c', group: 'Edit', run: (app) => void copyNodes(app) },
  { id: 'duplicate', title: 'Duplicate', keys: '$mod+d', group: 'Edit', run: duplicate },
  { id: 'select-all', title: 'Select all', keys: '$mod+a', group: 'Edit', run: selectAll },
  { id: 'delete', title: 'Delete', keys: 'Delete', group: 'Edit', run: remove },
  { id: 'search', title: 'Search and add a node', keys: '/', group: 'Nodes', run: (app) => openDialog(app, { kind: 'search' }) },
  { id: 'mute', title: 'Mute', keys: '$mod+m', group: 'Nodes', run: toggleMode('mute') },
  { id: 'bypass', title: 'Bypass', keys: '$mod+b', group: 'Nodes', run: toggleMode('bypass') },
  { id: 'collapse', title: 'Collapse', keys: 'Alt+c', group: 'Nodes', run: collapse },
  { id: 'pin', title: 'Pin in place', keys: 'p', group: 'Nodes', run: pin },
  ...arrangements.map(
    (how): Command => ({
      id: `arrange-${how}`,
      title: arranging[how],
      group: 'Nodes',
      run: (app) => app.view.arrange(app.state.selection, how),
    }),
  ),
  { id: 'group', title: 'Group', keys: '$mod+g', group: 'Nodes', run: (app) => app.view.group(app.state.selection, 'Group') },
  { id: 'save', title: 'Save', keys: '$mod+s', group: 'File', always: true, run: saveDocument },
  {
    id: 'open',
    title: 'Open a file or earlier work',
    keys: '$mod+o',
    group: 'File',
    always: true,
    run: (app) => openDialog(app, { kind: 'open' }),
  },
  { id: 'share', title: 'Share', group: 'File', run: (app) => openDialog(app, { kind: 'share' }) },
  { id: 'rename', title: 'Rename the workflow', group: 'File', run: (app) => openDialog(app, { kind: 'rename' }) },
  { id: 'templates', title: 'Templates', group: 'File', run: (app) => app.set({ panel: 'templates' }) },
  { id: 'models', title: 'Models', group: 'View', run: openModels },
  { id: 'unload', title: 'Unload models: give memory back', group: 'Run', run: (app) => void unload(app, {}) },
  { id: 'copy-json', title: 'Copy the workflow', group: 'File', run: (app) => void copyDocument(app) },
  { id: 'new', title: 'New from text to image', group: 'File', run: (app) => void openTemplate(app, 'text-to-image') },
  {
    id: 'empty',
    title: 'New, empty',
    group: 'File',
    run: (app) => void openText(app, emptyDocument, { foreign: false, undoable: true, name: 'Untitled' }),
  },
  {
    id: 'fit',
    title: 'Fit what is selected, or all',
    keys: '.',
    group: 'View',
    run: (app) => app.view.fit(app.state.selection.length > 0 ? app.state.selection : undefined),
  },
  { id: 'fit-all', title: 'See all', keys: '1', group: 'View', run: (app) => app.view.fit() },
  { id: 'full-size', title: 'Full size, 100 %', keys: '0', group: 'View', run: (app) => app.view.zoomTo(1) },
  { id: 'zoom-in', title: 'Zoom in', keys: '+', also: ['Shift++', '='], group: 'View', run: (app) => app.view.zoom(zoomStep) },
  { id: 'zoom-out', title: 'Zoom out', keys: '-', group: 'View', run: (app) => app.view.zoom(1 / zoomStep) },
  { id: 'theme', title: 'Theme: dark or light', group: 'View', run: switchTheme },
  {
    id: 'commands',
    title: 'All commands',
    keys: '$mod+k',
    group: 'View',
    always: true,
    run: (app) => openDialog(app, { kind: 'commands' }),
  },
  { id: 'keys', title: 'All keys', keys: '?', group: 'View', run: (app) => openDialog(app, { kind: 'keys' }) },
];

const emptyDocument = '{"nodes":[],"links":[],"groups":[],"config":{},"extra":{"format":1},"version":0.4}';

/** Runs a command by its id. */
export function runCommand(app: App, id: string): void {
  commands.find((command) => command.id === id)?.run(app);
}

/** What a command is called, and its key. */
export const titleOf = (id: string): Pick<Command, 'title' | 'keys'> => commands.find((command) => command.id === id) ?? { title: id };

/** A key as people read it. */
export const keyText = (keys: string): string =>
  keys
    .split(/\b\+/)
    .map((key) => ({ $mod: 'Ctrl', Delete: 'Del', z: 'Z', c: 'C' })[key] ?? (key.length === 1 ? key.toUpperCase() : key))
    .join(' ');

/** The text of the document as it is now, for the history. */
export const documentText = (app: App): string => writeGraph(currentDocument(app));
