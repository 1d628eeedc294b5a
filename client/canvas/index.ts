import type { Catalogue } from '../../nodes/kit/index.ts';
import type { GraphDocument, NodeId, PropertyValue } from '../../workflows/index.ts';
import type { GraphView, GraphViewOptions } from '../graph-view.ts';
import { arrangeNodes } from './arrange.ts';
import { copyNodes, pasteNodes } from './clipboard.ts';
import { insertBetween } from './converters.ts';
import { createDesk, type RunningDesk } from './create-desk.ts';
import { type Desk, idOf, nodeOf } from './desk.ts';
import { addNode, connectNodes, disconnectInput, idsOf, nodesOf, removeNodes, setControl, setModes, setNodeValue } from './edits.ts';
import { listenToDrops } from './file-drop.ts';
import { grouping } from './groups.ts';
import { listenToKeys } from './keys.ts';
import { loadDocument } from './load-document.ts';
import { viewNode } from './node-view.ts';
import { executionOrder } from './order.ts';
import { Pointer } from './pointer.ts';
import { replaceNode } from './replace.ts';
import { saveDocument } from './save-document.ts';
import { selectedNodes, selectNodes, tellSelection } from './selection.ts';
import { themeOf } from './theme.ts';
import { Tooltip } from './tooltip.ts';
import { fitView, followRoom, middleOf, openView, reveal, zoomAtMiddle, zoomTo } from './view-box.ts';

/** Draws a graph on a canvas and lets it be edited there. One view at a time: litegraph's registry is one for the page. */
export function createGraphView(element: HTMLCanvasElement, options: GraphViewOptions): GraphView {
  const running = createDesk(element, options, () => pointer.follow());
  const { desk } = running;
  const pointer = new Pointer(desk);
  const end = furnish(running, pointer);
  return {
    canvas: element,
    on: desk.events.on,
    ...documents(desk, pointer),
    ...queries(desk),
    ...editing(desk, pointer),
    ...grouping(desk, teller(desk)),
    ...showing(desk),
    dispose() {
      pointer.dispose();
      end();
    },
  };
}

/** Prepares the element and everything that listens; gives back how to end it all. */
function furnish({ desk, frames }: RunningDesk, pointer: Pointer): () => void {
  const { element } = desk;
  const before = {
    className: element.className.replace(/\s*\blgraphcanvas\b/, ''),
    touch: element.style.touchAction,
    tabIndex: element.tabIndex,
  };
  element.style.touchAction = 'none';
  element.tabIndex = 0;
  if (!element.hasAttribute('role')) element.setAttribute('role', 'application');
  if (!element.hasAttribute('aria-label')) element.setAttribute('aria-label', 'Graph');
  const tooltip = new Tooltip(desk);
  const ends = [listenToKeys(desk, pointer), listenToDrops(desk), followSize(desk), () => tooltip.dispose()];
  desk.redraw();
  return () => {
    for (const end of ends) end();
    frames.stop();
    desk.events.clear();
    desk.marks.keep(new Set());
    desk.inputs.clear();
    desk.surface.stopRendering();
    desk.surface.setGraph(null);
    desk.graph.clear();
    desk.types.dispose();
    element.className = before.className;
    element.style.touchAction = before.touch;
    element.style.cursor = '';
  };
}

function followSize(desk: Desk): () => void {
  const follow = (): void => followRoom(desk);
  const observer = new ResizeObserver(follow);
  observer.observe(desk.element);
  globalThis.addEventListener('resize', follow);
  return () => {
    observer.disconnect();
    globalThis.removeEventListener('resize', follow);
  };
}

/** Where a view stood is not part of a document's content here: it would differ at each look. */
function withoutView(extra: Readonly<Record<string, PropertyValue>>): Readonly<Record<string, PropertyValue>> {
  const { ds: _place, ...kept } = extra;
  return kept;
}

function documents(desk: Desk, pointer: Pointer): Pick<GraphView, 'setCatalogue' | 'load' | 'save'> {
  const put = (document: GraphDocument, keep: boolean): void => {
    const chosen = keep ? selectedNodes(desk).map(idOf) : [];
    pointer.cancel();
    pointer.finishEditing();
    desk.doing.hover = { kind: 'nothing' };
    desk.surface.selected_nodes = {};
    delete desk.doing.group;
    loadDocument(desk, document);
    desk.extra = withoutView(document.extra);
    desk.marks.keep(keep ? new Set(idsOf(desk.graph._nodes)) : new Set());
    desk.surface.selected_nodes = Object.fromEntries(nodesOf(desk, chosen).map((node) => [idOf(node), node]));
    tellSelection(desk);
    if (!keep) openView(desk);
    desk.redraw();
  };
  return {
    setCatalogue(catalogue: Catalogue) {
      const anew = differsInPorts(desk.types.catalogue, catalogue);
      const document = anew ? saveDocument(desk, desk.extra) : undefined;
      desk.types.update(catalogue);
      desk.inputs.refresh();
      if (document !== undefined) put(document, true);
      desk.redraw();
    },
    load: (graph, { keepView = false } = {}) => put(graph, keepView),
    save: () => saveDocument(desk, desk.extra),
  };
}

/** Nodes must be built anew when types or their ports changed; lists of choices are looked up when they are drawn. */
function differsInPorts(before: Catalogue, after: Catalogue): boolean {
  const shape = (catalogue: Catalogue): string =>
    JSON.stringify(
      [...catalogue.values()]
        .map(({ type, inputs, outputs }) => [
          type,
          ...[...inputs, ...outputs].map(({ name, type: of, widget }) => `${name}:${of}:${widget?.kind}`),
        ])
        .sort(),
    );
  return shape(before) !== shape(after);
}

function queries(
  desk: Desk,
): Pick<GraphView, 'nodes' | 'selection' | 'select' | 'copy' | 'centre' | 'begin' | 'fit' | 'scale' | 'zoom' | 'zoomTo' | 'resize'> {
  return {
    nodes: () => executionOrder(desk.graph).map((node) => viewNode(desk, node)),
    selection: () => selectedNodes(desk).map(idOf),
    select(ids, { reveal: show = false } = {}) {
      const nodes = nodesOf(desk, ids);
      selectNodes(desk, nodes);
      if (show) reveal(desk, nodes);
    },
    copy: (ids) => copyNodes(desk, nodesOf(desk, ids)),
    centre: () => middleOf(desk),
    fit: (ids) => fitView(desk, ids === undefined ? desk.graph._nodes : nodesOf(desk, ids)),
    begin: () => openView(desk),
    scale: () => desk.surface.ds.scale,
    zoomTo: (scale) => zoomTo(desk, scale),
    zoom: (factor) => zoomAtMiddle(desk, factor),
    resize: () => desk.redraw(),
  };
}

type Editing =
  | 'add'
  | 'remove'
  | 'paste'
  | 'connect'
  | 'insert'
  | 'replace'
  | 'disconnect'
  | 'setValue'
  | 'setSeedControl'
  | 'setTitle'
  | 'setMode'
  | 'setCollapsed'
  | 'setPinned'
  | 'arrange'
  | 'renameGroup';

/** Draws anew, and tells of a finished action if there was one. */
const teller =
  (desk: Desk) =>
  (is: boolean, action: string, field?: string): void => {
    desk.redraw();
    if (is) desk.done(action, field);
  };

function editing(desk: Desk, pointer: Pointer): Pick<GraphView, Editing> {
  const changed = teller(desk);
  const labelOf = (node: NodeId, port: string): string => {
    const found = nodeOf(desk, node);
    const spec = found === undefined ? undefined : desk.specOf(found);
    return spec?.inputs.find(({ name }) => name === port)?.label ?? port;
  };
  return {
    add(type, at, wire) {
      const node = addNode(desk, type, { at, wire });
      selectNodes(desk, [node]);
      changed(true, `Add ${node.title}`);
      return idOf(node);
    },
    remove(ids) {
      pointer.finishEditing();
      const nodes = nodesOf(desk, ids);
      removeNodes(desk, nodes);
      desk.doing.hover = { kind: 'nothing' };
      tellSelection(desk);
      changed(nodes.length > 0, nodes.length > 1 ? 'Delete nodes' : 'Delete node');
    },
    paste(text, pasting) {
      const nodes = pasteNodes(desk, text, pasting);
      changed(nodes.length > 0, 'Paste');
      return idsOf(nodes);
    },
    connect(from, to) {
      const fault = connectNodes(desk, from, to);
      changed(fault === undefined, 'Connect');
      return fault;
    },
    insert(type, between) {
      const node = insertBetween(desk, type, between);
      if (node !== undefined) selectNodes(desk, [node]);
      changed(node !== undefined, `Insert ${node?.title}`);
    },
    replace(id, type) {
      const old = nodeOf(desk, id);
      if (old !== undefined) replaceNode(desk, old, type);
      changed(old !== undefined, `Replace ${old?.title}`);
    },
    disconnect: (to) => changed(disconnectInput(desk, to), 'Disconnect'),
    setValue(node, port, value) {
      changed(setNodeValue(desk, node, { port, value }), `Change ${labelOf(node, port)}`, `${node}.${port}`);
    },
    setSeedControl: (node, control) =>
      changed(setControl(desk, node, control), 'Change how the seed changes', `${node}.control_after_generate`),
    setTitle(id, title) {
      const node = nodeOf(desk, id);
      const next = title.trim() || (node === undefined ? '' : (desk.specOf(node)?.title ?? node.title));
      const is = node !== undefined && node.title !== next;
      if (is) node.title = next;
      changed(is, 'Rename', `${id}.`);
    },
    setMode: (ids, mode) =>
      changed(setModes(nodesOf(desk, ids), mode), mode === 'always' ? 'Switch on' : mode === 'mute' ? 'Mute' : 'Bypass'),
    setCollapsed(ids, collapsed) {
      const nodes = nodesOf(desk, ids).filter(({ flags }) => (flags.collapsed === true) !== collapsed);
      for (const node of nodes) node.flags = { ...node.flags, collapsed };
      changed(nodes.length > 0, collapsed ? 'Collapse' : 'Open up');
    },
    setPinned(ids, pinned) {
      const nodes = nodesOf(desk, ids).filter(({ flags }) => (flags.pinned === true) !== pinned);
      for (const node of nodes) node.flags = { ...node.flags, pinned };
      changed(nodes.length > 0, pinned ? 'Pin' : 'Unpin');
    },
    arrange: (ids, how) => changed(arrangeNodes(desk, nodesOf(desk, ids), how), how === 'across' || how === 'down' ? 'Spread' : 'Line up'),
    renameGroup(index) {
      const group = desk.graph._groups[index];
      if (group !== undefined) pointer.editGroup(group);
    },
  };
}

type Showing = 'setAxes' | 'setHeld' | 'setTheme' | 'setStatus' | 'setPreview' | 'setContent' | 'setProblems' | 'clearRun';

function showing(desk: Desk): Pick<GraphView, Showing> {
  return {
    setTheme(theme) {
      desk.theme = themeOf(theme);
      desk.redraw();
    },
    setStatus: (node, status) => desk.marks.setStatus(node, status),
    setPreview: (node, jpeg) => void desk.marks.setPreview(node, jpeg),
    setContent: (node, content) => void desk.marks.setContent(node, content),
    setProblems: (problems) => desk.marks.setProblems(problems),
    clearRun: () => desk.marks.clearRun(),
    setAxes(axes) {
      if (JSON.stringify([...axes]) === JSON.stringify([...desk.axes])) return;
      desk.axes = axes;
      desk.redraw();
    },
    setHeld(held) {
      desk.held = held;
    },
  };
}
